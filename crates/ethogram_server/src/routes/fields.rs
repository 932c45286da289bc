//! `GET /api/runs/RUN/episodes/E/fields`: rows of fields, logged and derived alike.

use std::{collections::BTreeMap, ops::Range};

use axum::response::Response;
use ethogram_query::{Field, ParamValue, Params as FieldParams, RunHandle};
use ethogram_store::ColumnData;
use serde_json::{Map, Value, json};

use crate::{
    answer,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::InPath,
    limits::{FIELDS_MAX, NAME_BYTES_MAX, PARAMS_MAX},
    params::Params,
    run_request::RunRequest,
};

/// One column a field. A field that cannot be had is named in the header's `errors`, the others are sent.
pub async fn fields(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let range = params.take_range_u64()?;
    let asked = asked_fields(&mut params)?;
    request.answer(move |run| answer::columns(read(run, episode, &asked, &range)?)).await
}

/// Names in the order asked for, with the parameters of each.
pub(super) type Asked = Vec<(String, FieldParams)>;

pub(super) fn asked_fields(params: &mut Params) -> ApiResult<Asked> {
    let lists = params.take_all("names");
    let mut names: Vec<String> = lists.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
    // A name that has a comma in it can only be asked for alone.
    names.extend(params.take_all("name"));
    names.retain(|name| !name.is_empty());
    if names.is_empty() {
        return Err(ApiError::bad_request(
            r#"parameter "names" is missing: expected names of fields joined by commas"#,
        )
        .hint("GET /api/runs/RUN/episodes/E lists the fields of an episode"));
    }
    if names.len() > FIELDS_MAX {
        return Err(ApiError::too_large("names of fields", names.len() as u64, FIELDS_MAX as u64));
    }
    if let Some(name) = names.iter().find(|name| name.len() > NAME_BYTES_MAX) {
        return Err(ApiError::too_large("bytes of a field name", name.len() as u64, NAME_BYTES_MAX as u64));
    }
    let mut asked: Asked = Vec::new();
    for name in names {
        if asked.iter().all(|(other, _)| *other != name) {
            asked.push((name, BTreeMap::new()));
        }
    }
    let rest = params.take_rest();
    if rest.len() > PARAMS_MAX {
        return Err(ApiError::too_large("parameters of fields", rest.len() as u64, PARAMS_MAX as u64));
    }
    for (key, value) in rest {
        let unknown = || {
            ApiError::bad_request(format!("parameter {key:?} is not known here"))
                .hint("parameters of a derived field are NAME.PARAM=VALUE, with NAME among the names asked for")
        };
        let (name, param) = key.rsplit_once('.').ok_or_else(unknown)?;
        let (_, given) = asked.iter_mut().find(|(other, _)| other == name).ok_or_else(unknown)?;
        if given.insert(param.to_owned(), ParamValue::Text(value)).is_some() {
            return Err(ApiError::bad_request(format!("parameter {key:?} is given twice")));
        }
    }
    Ok(asked)
}

fn read(run: &RunHandle, episode: u64, asked: &Asked, range: &Range<u64>) -> ApiResult<Columns> {
    // An episode that is not there is one error, not one a field.
    run.episode(episode)?;
    let steps = run.source().step_count(episode)?;
    let first = range.start.min(steps);
    let range = first..range.end.min(steps).max(first);
    let mut columns = Columns::new();
    let mut errors: Map<String, Value> = Map::new();
    for (name, params) in asked {
        let found = run.field(episode, name, params, range.clone()).map_err(ApiError::from);
        match found.and_then(|field| push(&mut columns, name, &field, first)) {
            Ok(()) => answer::check_bytes(columns.bytes())?,
            Err(error) => drop(errors.insert(name.clone(), json!(error))),
        }
    }
    columns.set("first", first.into());
    columns.set("steps", steps.into());
    columns.set("errors", Value::Object(errors));
    Ok(columns)
}

fn push(columns: &mut Columns, name: &str, field: &Field, first: u64) -> ApiResult<()> {
    let column = &field.column;
    let rows = column.rows();
    if rows > 0 && column.first != first {
        let message = format!("field {name:?} begins at step {}, expected {first}", column.first);
        return Err(ApiError::internal(message));
    }
    match (&column.data, column.info.dtype) {
        (ColumnData::Numeric(bytes), Some(dtype)) => {
            let shape = std::iter::once(rows).chain(column.info.shape.iter().copied()).collect();
            columns.push(name, dtype, shape, bytes.clone(), column.valid.as_deref());
        }
        (ColumnData::Text(text), _) => {
            let row = |(index, text): (usize, &String)| column.is_valid(index).then(|| text.clone());
            columns.push_text(name, text.iter().enumerate().map(row).collect());
        }
        (ColumnData::Numeric(_), None) => {
            return Err(ApiError::internal(format!("field {name:?} holds numbers of no type")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{extract::FromRequestParts, http::Request};

    use super::*;

    async fn asked(query: &str) -> ApiResult<Asked> {
        let request = Request::get(format!("/fields?{query}")).body(()).expect("a request");
        let mut params = Params::from_request_parts(&mut request.into_parts().0, &()).await?;
        asked_fields(&mut params)
    }

    #[tokio::test]
    async fn names_and_their_parameters_are_read() {
        let found = asked("names=reward,advantage&advantage.gamma=0.9&name=a,b&names=reward").await.expect("fields");
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["reward", "advantage", "a,b"]);
        assert_eq!(found[1].1, BTreeMap::from([("gamma".into(), ParamValue::Text("0.9".into()))]));
        let dotted = asked("names=a.b&a.b.gamma=1").await.expect("a name with a dot");
        assert_eq!(dotted[0].1.len(), 1);
    }

    #[tokio::test]
    async fn what_is_not_asked_for_takes_no_parameters() {
        for query in ["names=", "", "names=a&b.gamma=1", "names=a&gamma=1", "names=a&a.gamma=1&a.gamma=2"] {
            assert_eq!(asked(query).await.expect_err(query).code, "bad_request", "{query}");
        }
        let long = format!("names={}", "x".repeat(513));
        assert_eq!(asked(&long).await.expect_err("a long name").code, "too_large");
    }
}
