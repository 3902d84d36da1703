//! Whatever is sent for whichever field of whichever mutation: a value of another type is refused, no value is a fault of ours, and what is refused
//! has changed nothing.

use serde_json::{Value, json};

use crate::{
    idempotency::{every_mutation, of_slack},
    world::{Caller, on_each_database, text},
};

/// The type of a field: its name without lists, and whether it is a list.
fn kind(field: &Value) -> (String, bool) {
    let (mut kind, mut is_list) = (&field["type"], false);
    while kind["name"].is_null() {
        is_list |= kind["kind"] == "LIST";
        kind = &kind["ofType"];
    }
    (text(&kind["name"]), is_list)
}

/// The fields of a mutation's input.
async fn fields(admin: &Caller, mutation: &str) -> Vec<Value> {
    let mut name = format!("{mutation}Input");
    name[..1].make_ascii_uppercase();
    let query = "query($name: String!) { __type(name: $name) { inputFields { name type { name kind ofType { name kind ofType { name kind ofType { name kind } } } } } } }";
    let found = admin.ask(query, json!({ "name": name })).await.data();
    found["__type"]["inputFields"]
        .as_array()
        .unwrap_or_else(|| panic!("no {name}"))
        .clone()
}

/// Values of another type than this one.
fn misfits(kind: &str, is_list: bool) -> Vec<Value> {
    let mut wrong = match kind {
        "ID" => vec![json!(1.5), json!({ "a": 1 }), json!(true)],
        "String" => vec![json!(1), json!({ "a": 1 }), json!(true)],
        "Boolean" => vec![json!("true"), json!(1), json!({})],
        "Int" => vec![json!("1"), json!(1.5), json!(9_999_999_999_i64)],
        "DateTime" => vec![json!("yesterday"), json!(1), json!("2026-13-01T00:00:00Z")],
        _ => vec![json!("NO SUCH VALUE"), json!(1), json!([[1]])],
    };
    if is_list {
        wrong.extend([json!([null]), json!([[[]]])]);
    }
    wrong
}

/// Values of the type that may be out of bounds.
fn oddities(kind: &str, is_list: bool) -> Vec<Value> {
    let odd = match kind {
        "ID" => vec![
            json!(""),
            json!("nonsense"),
            json!("inc_zzz"),
            json!("\u{0}"),
            json!(7),
        ],
        "String" => vec![
            json!(""),
            json!("\u{0}"),
            json!("x".repeat(200_001)),
            json!("\u{202e}<!channel>"),
            json!(" \n"),
        ],
        "DateTime" => vec![
            json!("0001-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:59.999999999Z"),
            json!("2026-01-01T00:00:00+14:00"),
        ],
        "Int" => vec![json!(-1), json!(i32::MAX)],
        _ => Vec::new(),
    };
    let lists = is_list.then(|| json!([])).into_iter();
    let odd = odd
        .into_iter()
        .map(|value| if is_list { json!([value]) } else { value });
    odd.chain([Value::Null]).chain(lists).collect()
}

/// How much is written down of what was changed.
async fn written(admin: &Caller) -> (Value, Value) {
    let seen = admin
        .read("{ organization { newestEventCursor } auditLog { totalCount } }")
        .await;
    (
        seen["organization"]["newestEventCursor"].clone(),
        seen["auditLog"]["totalCount"].clone(),
    )
}

/// Whether an answer refuses the mutation. No answer may be a fault of ours.
fn is_refused(mutation: &str, input: &Value, answer: &Value) -> bool {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    assert!(
        matches!(code, None | Some("BAD_USER_INPUT" | "GRAPHQL_VALIDATION_FAILED")),
        "{mutation} with {input}: {answer:#}"
    );
    code.is_some() || answer["data"][mutation]["userErrors"] != json!([])
}

on_each_database! {
    async fn whatever_is_sent_for_a_field_is_taken_or_refused_and_never_a_fault(world) {
        let admin = world.admin();
        let mut tried = 0;
        for (mutation, input, _) in every_mutation(&admin).await.into_iter().chain(of_slack(&admin).await) {
            for field in fields(&admin, mutation).await {
                let (name, (kind, is_list)) = (text(&field["name"]), kind(&field));
                let wrong = misfits(&kind, is_list).into_iter().map(|value| (value, true));
                let odd = oddities(&kind, is_list).into_iter().map(|value| (value, false));
                for (value, is_misfit) in wrong.chain(odd) {
                    let mut input = input.clone();
                    input[&name] = value;
                    let before = written(&admin).await;
                    let answer = admin.attempt(mutation, input.clone()).await.0;
                    let refused = is_refused(mutation, &input, &answer);
                    assert!(refused || !is_misfit, "{mutation} takes {input}: {answer:#}");
                    if refused {
                        assert_eq!(written(&admin).await, before, "{mutation} was refused with {input}");
                    }
                    tried += 1;
                }
            }
        }
        assert!(tried > 1_000, "{tried} values");
    }
}
