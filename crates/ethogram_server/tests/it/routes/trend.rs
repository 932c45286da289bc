use ethogram_server::columns::Columns;
use ethogram_store::Dtype;

use super::served;
use crate::http::{Answer, Served};

const TYPE: (&str, &str) = ("Content-Type", "application/x-ethogram-columns");

fn body(x: &[f64], y: &[f64]) -> Vec<u8> {
    let mut columns = Columns::new();
    columns.push_f64("x", x.iter().copied());
    columns.push_f64("y", y.iter().copied());
    columns.into_body()
}

async fn ask(served: &Served, query: &str, body: &[u8]) -> Answer {
    served.ask("POST", &format!("/api/trend?{query}"), &[TYPE], body).await
}

#[tokio::test]
async fn a_line_is_told_at_the_rows_it_goes_through() {
    let (_root, served) = served().await;
    let sent = body(&[0.0, 1.0, 2.0, 4.0], &[-21.0, f64::NAN, -17.0, -13.0]);
    let columns = ask(&served, "method=linear", &sent).await.columns();
    assert_eq!(columns.names(), ["row", "x", "y"]);
    assert_eq!(columns.f64("row"), Some(vec![0.0, 1.0, 2.0, 3.0]));
    assert_eq!(columns.f64("x"), Some(vec![0.0, 1.0, 2.0, 4.0]));
    let heights = columns.f64("y").expect("heights");
    for (found, expected) in heights.iter().zip([-21.0, -19.0, -17.0, -13.0]) {
        assert!((found - expected).abs() < 1e-9, "{heights:?}");
    }
    assert_eq!(columns.header["fitted"], 3, "a return that is NaN is in no fit");

    let some = ask(&served, "method=polynomial&degree=1&places=2", &sent).await.columns();
    assert_eq!(some.f64("row"), Some(vec![0.0, 3.0]));
    let nothing = ask(&served, "method=loess&span=0.5", &body(&[], &[])).await.columns();
    assert_eq!(nothing.f64("y"), Some(vec![]));
}

#[tokio::test]
async fn a_hundred_thousand_points_are_taken() {
    let (_root, served) = served().await;
    let x: Vec<f64> = (0..100_000).map(f64::from).collect();
    let columns = ask(&served, "method=rolling_median&window=101&places=500", &body(&x, &x)).await.columns();
    let found = columns.f64("y").expect("heights");
    assert_eq!((found.len(), found[250]), (500, columns.f64("x").expect("places")[250]));
}

#[tokio::test]
async fn what_has_no_answer_is_named() {
    let (_root, served) = served().await;
    let sent = body(&[0.0, 1.0], &[0.0, 1.0]);
    let check = |answer: Answer, status: u16, expected: &str| {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(expected), "{} lacks {expected}", answer.text());
    };
    check(ask(&served, "method=magic", &sent).await, 400, "expected linear, polynomial, loess or rolling_median");
    check(ask(&served, "", &sent).await, 400, r#"parameter \"method\" is missing"#);
    check(ask(&served, "method=linear&degree=3", &sent).await, 400, r#"parameter \"degree\" is not known here"#);
    check(ask(&served, "method=polynomial&degree=99", &sent).await, 400, "degree expected 0 to 12, found 99");
    check(ask(&served, "method=linear&places=10001", &sent).await, 413, "TREND_PLACES_MAX");
    check(ask(&served, "method=linear", b"ETHC").await, 400, "no body of columns");
    check(ask(&served, "method=linear", &body(&[1.0, 0.0], &[0.0, 0.0])).await, 400, "x expected ascending values");
    check(ask(&served, "method=linear", &body(&[1.0], &[0.0, 0.0])).await, 400, "y has 2 rows, expected 1");
    let mut wide = Columns::new();
    wide.push("x", Dtype::Float64, vec![1, 2], vec![0; 16], None);
    check(ask(&served, "method=linear", &wide.into_body()).await, 400, "one number a row");
    let plain = served.ask("POST", "/api/trend?method=linear", &[("Content-Type", "text/plain")], &sent).await;
    check(plain, 400, "application/x-ethogram-columns");
}
