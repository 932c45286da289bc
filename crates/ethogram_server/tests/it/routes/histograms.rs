use super::served;
use crate::runs::RUN;

#[tokio::test]
async fn bins_and_values_are_counted_over_common_bins() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/histograms?tag=weights&bins=2&low=0&high=2")).await;
    assert_eq!(columns.f64("edges"), Some(vec![0.0, 1.0, 2.0]));
    assert_eq!(columns.f64("step"), Some(vec![10.0, 20.0]));
    assert_eq!(columns.entry("counts").map(|entry| entry.shape.clone()), Some(vec![2, 2]));
    // The distribution at 10 was logged with the counts 5 and 6; the number 4.5 at 20 is above the last edge.
    assert_eq!(columns.f64("counts"), Some(vec![5.0, 6.0, 0.0, 0.0]));
    assert_eq!(columns.f64("above"), Some(vec![0.0, 1.0]));
    assert_eq!(columns.header["counted"], "spread");
    assert_eq!(columns.header["logged"], 2);
}

#[tokio::test]
async fn bins_that_all_rows_share_are_sent_as_they_were_logged() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/histograms?tag=weights&to=11")).await;
    assert_eq!(columns.header["counted"], "as_logged");
    assert_eq!(columns.f64("edges"), Some(vec![0.0, 1.0, 2.0]));
    assert_eq!(columns.f64("counts"), Some(vec![5.0, 6.0]));
}

#[tokio::test]
async fn points_of_a_scalar_are_cut_along_its_axis() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/histograms?tag=losses/td_loss&rows=3&bins=10")).await;
    assert_eq!(columns.f64("step"), Some(vec![999.0, 1999.0, 2999.0]));
    let counts = columns.f64("counts").expect("counts");
    assert!((counts.iter().sum::<f64>() - 3_000.0).abs() < 1e-9);
    // 1 / (step + 1): after the first thousand all values are in the lowest bin.
    assert_eq!(counts[10..12], [1_000.0, 0.0]);
    let returns = served.columns(&format!("/api/runs/{RUN}/histograms?axis=episode&tag=episode_return&rows=1")).await;
    assert_eq!(returns.f64("counts").map(|counts| counts.iter().sum::<f64>()), Some(2.0));
    let odd = served.columns(&format!("/api/runs/{RUN}/histograms?axis=episode&tag=odd&rows=1")).await;
    assert_eq!(odd.f64("not_finite"), Some(vec![2.0]));
}

#[tokio::test]
async fn entries_of_a_tensor_are_cells() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/heat_maps?tag=weights")).await;
    assert_eq!(columns.f64("step"), Some(vec![20.0]));
    assert_eq!(columns.f64("cells"), Some(vec![4.5]));
    assert_eq!((&columns.header["per_cell"], &columns.header["left_out"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn what_cannot_be_answered_is_named() {
    let (_root, served) = served().await;
    for (query, code) in [
        ("histograms?tag=nothing", "not_found"),
        ("histograms?axis=episode&tag=note", "not_found"),
        ("histograms?tag=weights&bins=0", "bad_request"),
        ("histograms?tag=weights&bins=5000", "bad_request"),
        ("histograms?tag=weights&rows=0", "bad_request"),
        ("histograms?tag=weights&rows=1001", "bad_request"),
        ("histograms?tag=weights&low=0", "bad_request"),
        ("histograms?tag=weights&low=1&high=0", "bad_request"),
        ("histograms?tag=weights&low=nan&high=1", "bad_request"),
        ("histograms?tag=weights&colour=1", "bad_request"),
        ("histograms", "bad_request"),
        ("heat_maps?tag=losses/td_loss", "not_found"),
        ("heat_maps?tag=weights&entries=0", "bad_request"),
    ] {
        assert_eq!(served.get(&format!("/api/runs/{RUN}/{query}")).await.error_code(), code, "{query}");
    }
}
