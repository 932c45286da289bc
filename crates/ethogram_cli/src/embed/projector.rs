//! Points as TensorBoard's projector reads them: tensors and what is said of each point as tab-separated text, and a configuration that names
//! both.

use std::fs::{File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Table;
use super::png::write_png;
use super::sprite::Sprite;

/// Writes `projector_config.pbtxt`, `tensors.tsv` (what was laid out), `layout.tsv` (where it lies), `metadata.tsv` and `sprite.png`, when there
/// is one.
///
/// **Source** `tensorboard/plugins/projector/projector_config.proto`.
pub fn write_projector(table: &Table, sprite: Option<&Sprite>, folder: &Path) -> io::Result<()> {
    create_dir_all(folder)?;
    let (rows, width, dims) = (table.rows(), table.map.width(), table.layout.dims);
    tensor(&folder.join("tensors.tsv"), table.map.values(), width)?;
    tensor(&folder.join("layout.tsv"), &table.layout.positions, dims)?;
    metadata(table, &folder.join("metadata.tsv"))?;
    let image = match sprite {
        None => String::new(),
        Some(sprite) => {
            let mut file = BufWriter::new(File::create(folder.join("sprite.png"))?);
            write_png(&sprite.pixels, sprite.width, &mut file)?;
            file.flush()?;
            let (width, height) = sprite.frame;
            format!(
                "  sprite {{\n    image_path: \"sprite.png\"\n    single_image_dim: {width}\n    single_image_dim: {height}\n  }}\n"
            )
        }
    };
    let embedding = |name: &str, path: &str, width: usize| {
        format!(
            "embeddings {{\n  tensor_name: {}\n  tensor_shape: {rows}\n  tensor_shape: {width}\n  tensor_path: \"{path}\"\n  metadata_path: \"metadata.tsv\"\n{image}}}\n",
            quoted(name)
        )
    };
    let text = embedding(table.map.of(), "tensors.tsv", width)
        + &embedding(&format!("{} ({})", table.map.of(), table.layout.method), "layout.tsv", dims);
    std::fs::write(folder.join("projector_config.pbtxt"), text)
}

fn tensor(path: &Path, values: &[f32], width: usize) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for row in values.chunks(width) {
        let texts: Vec<String> = row.iter().map(f32::to_string).collect();
        writeln!(file, "{}", texts.join("\t"))?;
    }
    file.flush()
}

fn metadata(table: &Table, path: &Path) -> io::Result<()> {
    // Tabs and new lines are what columns and rows are told by.
    let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let mut file = BufWriter::new(File::create(path)?);
    let names: Vec<String> = table.said(0).map(|(name, _)| plain(name)).collect();
    writeln!(file, "{}", names.join("\t"))?;
    for row in 0..table.rows() {
        let texts: Vec<String> = table.said(row).map(|(_, text)| plain(&text)).collect();
        writeln!(file, "{}", texts.join("\t"))?;
    }
    file.flush()
}

/// A text as a protocol buffer's text format has it.
fn quoted(text: &str) -> String {
    let sign = |sign: char| match sign {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        other => other.to_string(),
    };
    format!("\"{}\"", text.chars().map(sign).collect::<String>())
}
