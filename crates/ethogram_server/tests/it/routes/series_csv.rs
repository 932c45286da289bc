use super::served;
use crate::runs::{CREATED_US, RUN};

#[tokio::test]
async fn row_a15_every_point_is_there_as_it_was_logged() {
    let (_root, served) = served().await;
    let answer = served.get(&format!("/api/series.csv?run={RUN}&axis=global_step&tag=losses/td_loss")).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"losses_td_loss.csv\"");
    let text = answer.text();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("run,name,global_step,time_us,value"));
    let mut count = 0;
    for (step, line) in lines.enumerate() {
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!((cells[0], cells[2]), (RUN, step.to_string().as_str()));
        assert_eq!(cells[3], (CREATED_US + step as i64).to_string());
        assert_eq!(cells[4].parse::<f64>(), Ok(1.0 / (step + 1) as f64));
        count += 1;
    }
    assert_eq!(count, 3_000);
}

#[tokio::test]
async fn a_part_and_values_that_are_not_finite() {
    let (_root, served) = served().await;
    let all = served.get(&format!("/api/series.csv?run={RUN}&axis=episode&tag=odd")).await.text();
    let values: Vec<_> = all.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(values, ["1.5", "NaN", "inf"]);
    let part =
        served.get(&format!("/api/series.csv?run={RUN}&axis=global_step&tag=losses/td_loss&from=10&to=12")).await;
    assert_eq!(part.text().lines().count(), 3);
}

/// Returns and lengths of episodes are curves of every run, logged or not.
#[tokio::test]
async fn row_a15_returns_of_episodes_are_there_too() {
    let (_root, served) = served().await;
    let curve = served.get(&format!("/api/series.csv?run={RUN}&axis=episode&tag=episode_return")).await.text();
    let mut lines = curve.lines();
    assert_eq!(lines.next(), Some("run,name,episode,time_us,value"));
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    // The third is open.
    let points = lines.map(cells).map(|cells| (cells[2].clone(), cells[4].parse::<f64>()));
    assert_eq!(points.collect::<Vec<_>>(), [("0".to_owned(), Ok(-21.0)), ("1".to_owned(), Ok(-20.0))]);
}

#[tokio::test]
async fn what_cannot_be_had_is_said() {
    let (_root, served) = served().await;
    for (query, status) in [
        (format!("run={RUN}&axis=global_step&tag=nothing"), 404),
        ("run=nobody&axis=global_step&tag=x".to_owned(), 404),
        (format!("run={RUN}&axis=moon&tag=x"), 400),
        ("axis=global_step&tag=x".to_owned(), 400),
        (format!("run={RUN}&axis=global_step&tag=losses/td_loss&step=1"), 400),
    ] {
        let answer = served.get(&format!("/api/series.csv?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
    }
}
