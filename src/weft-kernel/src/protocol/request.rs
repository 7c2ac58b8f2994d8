//! The contents of requests, with the protocol's defaults where a client leaves a field out.

use jupyter_protocol::JupyterMessageContent;
use serde_json::{Map, Value, json};

/// Reads the content of a message of this type.
pub(super) fn content(kind: &str, content: Value) -> serde_json::Result<JupyterMessageContent> {
    let content = match content {
        Value::Object(given) => Value::Object(with_defaults(kind, given)),
        // Not even an object; the error shall say so.
        other => other,
    };
    JupyterMessageContent::from_type_and_content(kind, content)
}

fn with_defaults(kind: &str, given: Map<String, Value>) -> Map<String, Value> {
    let access = given.get("hist_access_type").and_then(Value::as_str).unwrap_or("tail");
    let defaults = match (kind, access) {
        ("execute_request", _) => json!({
            "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": true, "stop_on_error": true,
        }),
        ("inspect_request", _) => json!({"detail_level": 0}),
        ("history_request", "range") => {
            json!({"session": 0, "start": 0, "stop": i32::MAX, "output": false, "raw": true})
        }
        ("history_request", "search") => {
            json!({"pattern": "*", "unique": false, "n": i32::MAX, "output": false, "raw": true})
        }
        ("history_request", _) => json!({"hist_access_type": "tail", "n": i32::MAX, "output": false, "raw": true}),
        ("shutdown_request", _) => json!({"restart": false}),
        ("input_reply", _) => json!({"value": ""}),
        _ => return given,
    };
    let Value::Object(mut whole) = defaults else {
        return given;
    };
    whole.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    whole
}

#[cfg(test)]
mod tests {
    use jupyter_protocol::HistoryRequest;

    use super::*;

    #[test]
    fn what_is_left_out_has_the_protocols_default() {
        let JupyterMessageContent::ExecuteRequest(execute) =
            content("execute_request", json!({"code": "1", "silent": null})).unwrap()
        else {
            panic!("another content");
        };
        assert!(!execute.silent && execute.store_history && execute.allow_stdin && execute.stop_on_error);
        let ask = json!({"hist_access_type": "search", "pattern": "a*", "output": true, "raw": true});
        assert!(matches!(
            content("history_request", ask).unwrap(),
            JupyterMessageContent::HistoryRequest(HistoryRequest::Search {
                unique: false,
                output: true,
                n: i32::MAX,
                ..
            })
        ));
    }

    #[test]
    fn what_must_be_there_is_asked_for() {
        assert!(content("execute_request", json!({})).is_err());
        assert!(content("execute_request", json!([])).is_err());
        assert!(content("execute_request", json!({"code": 1})).is_err());
        assert!(content("kernel_info_request", json!({"more": 1})).is_ok());
    }
}
