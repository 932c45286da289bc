//! What a report says of a run, and its curves.

use ethogram_query::NamePattern;
use serde_json::{Value, json};

use super::{
    asker::Answer,
    film::is_filmed,
    maker::{BUCKETS, Maker},
};
use crate::{
    columns::decode,
    error::{ApiError, ApiResult},
    limits::REPORT_CURVES_MAX,
};

/// A run as far as the rest of the work needs it.
pub struct DescribedRun {
    pub id: String,
    pub name: String,
    /// Axis and tag of each curve.
    pub tags: Vec<(String, String)>,
    /// Recorded episodes, ascending, with their returns.
    pub recorded: Vec<(u64, f64)>,
    /// The same of those of which there is only a film.
    pub filmed: Vec<(u64, f64)>,
}

/// Keeps the table of the runs of a report; gives its rows in their order.
pub async fn list(maker: &mut Maker<'_>, ids: &[String]) -> ApiResult<Vec<Value>> {
    let mut table = maker.asker.json(&["runs"], &[], None).await?;
    let all = table["runs"].as_array().cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for id in ids {
        let row = all.iter().find(|row| row["id"] == id.as_str());
        let mut row = row.cloned().ok_or_else(|| ApiError::not_found(format!("no run {id:?}")))?;
        // Where runs lie on the machine that made it is nobody's business.
        if row.get("root").is_some() {
            row["root"] = "".into();
        }
        rows.push(row);
    }
    table["runs"] = rows.clone().into();
    table["roots"] = json!([]);
    table["skipped"] = json!([]);
    keep_json(maker, &["runs"], &[], &table).await?;
    Ok(rows)
}

/// Keeps what is said of a run; `patterns` choose its scalars.
pub async fn describe(maker: &mut Maker<'_>, id: &str, patterns: &[String]) -> ApiResult<DescribedRun> {
    let wanted = patterns.iter().map(|pattern| NamePattern::parse(pattern)).collect::<Result<Vec<_>, _>>();
    let wanted = wanted.map_err(|why| ApiError::bad_request(format!("tags of a report: {why}")))?;
    let is_wanted = |tag: &str| wanted.is_empty() || wanted.iter().any(|pattern| pattern.matches(tag));
    let choose = |scalars: &mut Value| {
        if let Some(list) = scalars.as_array_mut() {
            list.retain(|one| one["tag"].as_str().is_some_and(is_wanted));
        }
    };
    let mut detail = maker.asker.json(&["runs", id], &[], None).await?;
    choose(&mut detail["scalars"]);
    let name = detail["info"]["name"].as_str().filter(|name| !name.is_empty()).unwrap_or(id).to_owned();
    // Neither the machine nor the shell of who trained goes along with the curves.
    let info = &mut detail["info"];
    for (member, nothing) in [("host", json!("")), ("command", json!([])), ("system", json!({})), ("code", Value::Null)]
    {
        if info.get(member).is_some() {
            info[member] = nothing;
        }
    }
    detail["lost"] = json!([]);
    keep_json(maker, &["runs", id], &[], &detail).await?;

    let mut tags = maker.asker.json(&["tags"], &[], Some(&json!({"runs": [id]}))).await?;
    choose(&mut tags["runs"][0]["scalars"]);
    keep_json(maker, &["tags"], &[("run", id.to_owned())], &tags).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let scalars = tags["runs"][0]["scalars"].as_array().cloned().unwrap_or_default();
    let tags: Vec<_> = scalars.iter().map(|one| (text(&one["axis"]), text(&one["tag"]))).collect();
    if tags.len() > REPORT_CURVES_MAX {
        return Err(ApiError::too_large("curves of a run", tags.len() as u64, REPORT_CURVES_MAX as u64)
            .hint("choose some with --tag 'losses/*'"));
    }
    if tags.is_empty() && !patterns.is_empty() {
        maker.left_out.push(format!("{name}: no scalar matches {}", patterns.join(", ")));
    }

    let answer = maker.asker.ask(&["runs", id, "episodes"], &[], None).await?;
    let (recorded, filmed) = watchable_of(&answer)?;
    maker.keep_answer("runs", &["runs", id, "episodes"], &[], &answer).await?;
    // Notes that cannot be read are none: the rest of the report stands.
    match maker.asker.ask(&["runs", id, "notes"], &[], None).await {
        Ok(notes) => maker.keep_answer("runs", &["runs", id, "notes"], &[], &notes).await?,
        Err(error) => maker.left_out.push(format!("notes of {name}: {}", error.message)),
    }
    Ok(DescribedRun { id: id.to_owned(), name, tags, recorded, filmed })
}

/// Keeps every curve of a run, whole.
pub async fn keep_curves(maker: &mut Maker<'_>, run: &DescribedRun) -> ApiResult<()> {
    for (axis, tag) in &run.tags {
        let body = json!({"series": [{"run": run.id, "axis": axis, "tag": tag}], "buckets": BUCKETS});
        let answer = maker.asker.ask(&["series"], &[], Some(&body)).await?;
        let query = [("run", run.id.clone()), ("axis", axis.clone()), ("tag", tag.clone())];
        maker.keep_answer("curves", &["series"], &query, &answer).await?;
    }
    Ok(())
}

/// Keeps what was changed on its way.
pub async fn keep_json(maker: &mut Maker<'_>, path: &[&str], query: &[(&str, String)], value: &Value) -> ApiResult<()> {
    let answer = Answer { bytes: value.to_string().into(), tag: None };
    maker.keep_answer("runs", path, query, &answer).await
}

/// Episodes with their returns.
type Episodes = Vec<(u64, f64)>;

/// Those that were recorded, and those of which there is only a film.
fn watchable_of(answer: &Answer) -> ApiResult<(Episodes, Episodes)> {
    let columns = decode(&answer.bytes).map_err(ApiError::internal)?;
    let lacks = |name: &str| ApiError::internal(format!("episodes lack {name}"));
    let column = |name: &str| columns.f64(name).ok_or_else(|| lacks(name));
    let (episodes, recorded, returns) = (column("episode")?, column("recorded")?, column("episode_return")?);
    let extra = columns.text("extra").ok_or_else(|| lacks("extra"))?;
    let extra = extra.iter().map(|text| serde_json::from_str(text.as_deref().unwrap_or("null")).unwrap_or_default());
    let (mut steps, mut films) = (Vec::new(), Vec::new());
    for (((&episode, &recorded), &total), extra) in episodes.iter().zip(&recorded).zip(&returns).zip(extra) {
        let row = (episode as u64, total);
        if recorded > 0.0 {
            steps.push(row);
        } else if is_filmed(&extra) {
            films.push(row);
        }
    }
    steps.sort_by_key(|(episode, _)| *episode);
    films.sort_by_key(|(episode, _)| *episode);
    Ok((steps, films))
}
