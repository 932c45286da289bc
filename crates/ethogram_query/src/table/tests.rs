use super::*;

fn table() -> Table {
    let mut table = Table::default();
    table.push("step", Cells::Integers(vec![Some(0), Some(i64::MAX), None]));
    table.push("td_loss", Cells::Numbers(vec![Some(0.1), Some(f64::NAN), None]));
    table.push("over", Cells::Truths(vec![Some(true), None, Some(false)]));
    table.push("a|b", Cells::Texts(vec![Some("=1,\"x\"".into()), None, Some("α\nβ".into())]));
    table
}

fn text(format: TableFile) -> String {
    String::from_utf8(table().to_bytes(format).expect("written")).expect("a text")
}

#[test]
fn a_missing_cell_is_missing_and_nan_is_nan_in_every_format() {
    assert_eq!(
        text(TableFile::Csv),
        "step,td_loss,over,a|b\n0,0.1,true,\"'=1,\"\"x\"\"\"\n9223372036854775807,NaN,,\n,,false,\"α\nβ\"\n"
    );
    let json: serde_json::Value = serde_json::from_str(&text(TableFile::Json)).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!([
            {"step": 0, "td_loss": 0.1, "over": true, "a|b": "=1,\"x\""},
            {"step": i64::MAX, "td_loss": "NaN", "over": null, "a|b": null},
            {"step": null, "td_loss": null, "over": false, "a|b": "α\nβ"},
        ])
    );
    assert_eq!(
        text(TableFile::Markdown),
        "| step | td_loss | over | a\\|b |\n| ---: | ---: | --- | --- |\n| 0 | 0.1 | true | =1,\"x\" |\n| 9223372036854775807 | NaN | – | – |\n| – | – | false | α β |\n"
    );
    assert_eq!(
        text(TableFile::Latex),
        "\\begin{tabular}{rrll}\n\\toprule\nstep & td\\_loss & over & a|b \\\\\n\\midrule\n0 & 0.1 & true & =1,\"x\" \\\\\n9223372036854775807 & NaN & -- & -- \\\\\n-- & -- & false & α β \\\\\n\\bottomrule\n\\end{tabular}\n"
    );
}

#[test]
fn parquet_reads_back_as_it_was() {
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};

    let bytes = table().to_bytes(TableFile::Parquet).expect("written");
    let reader = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes));
    let batches: Vec<_> = reader.expect("a file").build().expect("a reader").collect::<Result<_, _>>().expect("rows");
    let batch = &batches[0];
    assert_eq!((batches.len(), batch.num_rows()), (1, 3));
    let steps = batch.column(0).as_primitive::<Int64Type>();
    assert_eq!((steps.value(1), steps.is_null(2), steps.null_count()), (i64::MAX, true, 1));
    let losses = batch.column(1).as_primitive::<Float64Type>();
    assert!(
        losses.value(0).to_bits() == 0.1_f64.to_bits()
            && losses.value(1).is_nan()
            && losses.is_valid(1)
            && losses.is_null(2)
    );
    assert!(batch.column(2).as_boolean().value(0) && batch.column(2).is_null(1));
    assert_eq!((batch.column(3).as_string::<i32>().value(2), batch.column(3).is_null(1)), ("α\nβ", true));
}

#[test]
fn what_would_be_too_large_is_refused_before_it_is_made() {
    // As npz each text takes the room of the longest: 40 GB.
    let mut wide = Table::default();
    let texts = std::iter::repeat_n(None, 99_999).chain([Some("x".repeat(100_000))]);
    wide.push("note", Cells::Texts(texts.collect()));
    let refused = wide.to_bytes(TableFile::Npz).expect_err("too large");
    assert!(refused.is_too_large() && refused.to_string().contains("parquet takes less"), "{refused}");
    assert!(wide.to_bytes(TableFile::Parquet).is_ok_and(|bytes| bytes.len() < 200_000));
    let mut long = Table::default();
    long.push("step", Cells::Integers(vec![Some(1); 1_000]));
    let lengths = TableFile::ALL.map(|kind| (kind, long.to_bytes(kind).expect("written").len() as u64));
    for (kind, length) in lengths {
        assert!(long.to_bytes_within(kind, length).is_ok(), "{kind:?}");
        let refused = long.to_bytes_within(kind, length - 1).expect_err("over the limit");
        assert!(refused.is_too_large(), "{kind:?}: {refused}");
    }
}

#[test]
fn what_people_read_is_short() {
    let mut long = Table::default();
    long.push("step", Cells::Integers(vec![Some(1); TABLE_READ_ROWS_MAX as usize + 1]));
    assert!(long.to_bytes(TableFile::Csv).is_ok());
    assert!(long.to_bytes(TableFile::Latex).is_err_and(|error| error.is_too_large()));
}

#[test]
fn names_of_files_say_what_they_are() {
    for kind in TableFile::ALL {
        assert_eq!(TableFile::of_path(format!("x.{}", kind.ending()).as_ref()), Ok(kind));
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    assert!(TableFile::of_path("x.xls".as_ref()).is_err_and(|why| why.contains(".csv, .json, .parquet")));
}
