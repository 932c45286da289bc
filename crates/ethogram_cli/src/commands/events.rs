//! `ethogram events`: moments of recorded episodes that are worth a look, and what looks wrong about training.

use std::io::{IsTerminal as _, Write as _};

use ethogram_query::{Cancel, EVENT_KINDS, Event, EventsRequest, Params, RunHandle};
use serde_json::{Value, json};

use crate::{
    options::EventsOptions,
    runs::open_one,
    table::{Side, text_from_rows},
};

/// Prints what was found, the most pronounced of each kind first.
pub fn events(options: &EventsOptions) -> anyhow::Result<u8> {
    let run = open_one(&options.run, &options.stores)?;
    let settings: Params = options.set.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let request = EventsRequest { kinds: options.kind.clone(), top: Some(options.top), settings, deadline: None };
    let shown = std::io::stderr().is_terminal();
    let tell = |done: usize, of: usize| {
        if shown && (done.is_multiple_of(10) || done == of) {
            eprint!("\r{done} of {of} episodes{}", if done == of { "\r\x1b[K" } else { "" });
            let _ = std::io::stderr().flush();
        }
    };
    let found = run.events(&request, &Cancel::default(), &tell)?;
    let health = run.health(&Params::new(), &Cancel::default())?;
    if options.json {
        let findings: Vec<Value> = health
            .findings
            .iter()
            .map(|one| {
                json!({
                    "rule": one.rule, "tag": one.tag, "axis": one.axis, "step": one.step, "episode": one.episode,
                    "evidence": one.evidence, "numbers": numbers(&one.numbers),
                })
            })
            .collect();
        let whole = json!({
            "run": run.id(), "episodes": found.episodes, "events": found.events.iter().map(json_of).collect::<Vec<_>>(),
            "counts": found.counts, "missing": found.missing, "health": findings,
        });
        println!("{}", serde_json::to_string_pretty(&whole)?);
        return Ok(0);
    }
    if found.events.is_empty() {
        println!("no events in {} recorded episodes", found.episodes);
    } else {
        print!("{}", crate::text::shown(&table(&run, &found.events)));
    }
    for (kind, why) in &found.missing {
        eprintln!("not looked for: {kind}: {why}");
    }
    for one in &health.findings {
        let place = match (&one.tag, one.step, one.episode) {
            (Some(tag), Some(step), _) => format!(" {tag} at {step}"),
            (_, _, Some(episode)) => format!(" episode {episode}"),
            _ => String::new(),
        };
        println!("health: {}{place}: {}", one.rule, one.evidence);
    }
    Ok(0)
}

/// A link is what the web app has after the `#`.
fn table(run: &RunHandle, events: &[Event]) -> String {
    let rows: Vec<[String; 5]> = events
        .iter()
        .map(|event| {
            let title = EVENT_KINDS.iter().find(|kind| kind.name == event.kind).map_or(event.kind, |kind| kind.title);
            [
                title.to_owned(),
                format!("{}:{}", event.episode, event.step),
                format!("{:.2}", event.score),
                format!("#/replay?run={}&episode={}&step={}", run.id().0, event.episode, event.step),
                event.evidence.clone(),
            ]
        })
        .collect();
    let (left, right) = (Side::Left, Side::Right);
    text_from_rows(
        [("KIND", left), ("EPISODE:STEP", left), ("SCORE", right), ("LINK", left), ("EVIDENCE", left)],
        &rows,
    )
}

fn json_of(event: &Event) -> Value {
    json!({
        "kind": event.kind, "episode": event.episode, "step": event.step, "from": event.from, "to": event.to,
        "value": event.value, "score": event.score, "rank": event.rank, "evidence": event.evidence,
        "numbers": numbers(&event.numbers),
    })
}

fn numbers(of: &[(&'static str, f64)]) -> Value {
    Value::Object(of.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
}
