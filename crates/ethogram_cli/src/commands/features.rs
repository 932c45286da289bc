//! `ethogram features`: what a layer has learned, as a few directions and the states that show them.

use anyhow::Context as _;
use ethogram_query::{Cancel, FeatureImagesRequest, FeaturesRequest, LayerFeatures, RunHandle, Seen, factor_colours};
use serde_json::json;

use crate::drawn_features::Drawn;
use crate::explain::{INTERRUPTED, stop_at_interrupt};
use crate::options::{FeaturesOptions, StoreOptions};
use crate::phases::Phases;
use crate::runs;
use crate::table::{Side, text_from_rows};

/// States that are named beside each feature.
const NAMED: usize = 4;

/// Prints the features of a layer. The code is 130 when it was interrupted.
pub fn features(options: &FeaturesOptions) -> anyhow::Result<u8> {
    let run = runs::open_one(&options.run, &StoreOptions::default())?;
    let request = request(&run, options)?;
    let cancel = Cancel::default();
    stop_at_interrupt(&cancel)?;
    let bar = Phases::new();
    let mut tell = |phase: &'static str, share: f64| bar.tell(phase, share);
    let found = run.features(&request, &mut tell, &cancel).and_then(|found| {
        let ask = FeatureImagesRequest {
            factors: options.features.clone(),
            steps: options.image_steps,
            seed: options.image_seed,
            ..FeatureImagesRequest::default()
        };
        let images =
            options.images.as_ref().map(|_| run.feature_images(&found, &ask, &mut tell, &cancel)).transpose()?;
        Ok((found, images))
    });
    bar.finish();
    let (found, images) = match found {
        Err(_) if cancel.check().is_err() => {
            eprintln!("stopped; nothing was found yet");
            return Ok(INTERRUPTED);
        }
        found => found?,
    };
    let drawn =
        images.zip(options.images.as_ref()).map(|(images, folder)| Drawn::write(&images, folder)).transpose()?;
    if options.json {
        let mut told = described(&found);
        if let Some(drawn) = &drawn {
            told["images"] = drawn.described();
        }
        println!("{told:#}");
        return Ok(0);
    }
    print!("{}", crate::text::shown(&table(&found)));
    if let Some(drawn) = &drawn {
        print!("\n{}", crate::text::shown(&drawn.table()));
    }
    for note in found.notes.iter().chain(drawn.iter().flat_map(|drawn| &drawn.images.notes)) {
        eprintln!("note: {note}");
    }
    Ok(0)
}

fn request(run: &RunHandle, options: &FeaturesOptions) -> anyhow::Result<FeaturesRequest> {
    let recorded: Vec<u64> =
        run.source().episodes(0..u64::MAX)?.iter().filter(|row| row.recorded).map(|row| row.episode).collect();
    let episodes = options.episodes.as_ref().map(|wanted| {
        let named = wanted.singles().filter(|episode| !recorded.contains(episode));
        recorded.iter().copied().filter(|episode| wanted.holds(*episode)).chain(named).collect::<Vec<_>>()
    });
    let first = episodes.as_ref().unwrap_or(&recorded).first();
    let first = first.context("no recorded episode to look at; record some with eg.record(env, run, …)")?;
    let (layer, of) = run.usual_features(*first, options.layer.as_deref())?;
    Ok(FeaturesRequest {
        layer,
        checkpoint: options.checkpoint,
        episodes,
        states: options.states,
        of: options.of.clone().unwrap_or(of),
        factors: options.factors,
    })
}

fn table(found: &LayerFeatures) -> String {
    let head = [("feature", Side::Right), ("share", Side::Right), ("strongest at (episode:step)", Side::Left)];
    let rows: Vec<[String; 3]> = found
        .shown
        .iter()
        .zip(&found.shares)
        .enumerate()
        .map(|(index, (shown, share))| {
            let mut strongest = shown.thumbnails.clone();
            strongest.sort_by(|a, b| b.strength.total_cmp(&a.strength));
            let at = strongest.iter().take(NAMED).map(|seen| format!("{}:{}", seen.episode, seen.step));
            [index.to_string(), format!("{:.1} %", 100.0 * share), at.collect::<Vec<_>>().join("  ")]
        })
        .collect();
    format!(
        "{} of layer {:?} {:?} of checkpoint {} ({}), in {} states; {:.1} % of them in no feature\n{}",
        found.request.of,
        found.request.layer,
        found.shape,
        found.checkpoint.global_step,
        found.checkpoint.name,
        found.states,
        100.0 * found.factors.relative_error,
        text_from_rows(head, &rows),
    )
}

fn described(found: &LayerFeatures) -> serde_json::Value {
    let seen = |seen: &Seen| json!({"episode": seen.episode, "step": seen.step, "row": seen.row, "column": seen.column, "strength": seen.strength});
    let features: Vec<_> = found
        .shown
        .iter()
        .enumerate()
        .zip(factor_colours(found.factors.count()))
        .map(|((index, shown), [r, g, b])| {
            json!({
                "index": index,
                "colour": format!("#{r:02x}{g:02x}{b:02x}"),
                "share": found.shares[index],
                "direction": found.factors.direction(index),
                "examples": shown.examples.iter().map(|found| found.as_ref().map(seen)).collect::<Vec<_>>(),
                "thumbnails": shown.thumbnails.iter().map(seen).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "layer": found.request.layer,
        "shape": found.shape,
        "of": found.request.of,
        "checkpoint": found.checkpoint.global_step,
        "states": found.states,
        "left_out": found.left_out,
        "relative_error": found.factors.relative_error,
        "notes": found.notes,
        "features": features,
    })
}
