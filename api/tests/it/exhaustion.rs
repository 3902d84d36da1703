//! The dearest requests, against the schema itself.

use serde_json::{Value, json};

use crate::world::{Caller, World};

/// What `GraphiQL` 5 and code generators ask, with everything switched on.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
    subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
  fragment FullType on __Type { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

/// One field of each kind of list, with long texts.
const ONE_OF_MANY: &str = "__schema { types { name description fields { name description args { name description type { name } } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_may_read_the_whole_schema_with_a_key_and_strangers_may_not() {
    let world = World::on_sqlite().await;
    let schema = world.admin().ask(INTROSPECTION, Value::Null).await.data();
    let types = schema["__schema"]["types"].as_array().expect("types").len();
    assert!(types > 100, "{types}");
    let stranger = Caller {
        bearer: None,
        ..world.admin()
    };
    let refused = stranger.ask(INTROSPECTION, Value::Null).await;
    assert_eq!(refused.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_costs_too_much_is_refused_before_it_is_executed() {
    let world = World::on_sqlite().await;
    let admin = world.admin();
    let aliases: Vec<String> = (0..100).map(|at| format!("a{at}: {ONE_OF_MANY}")).collect();
    for document in [
        format!("{{ {} }}", aliases.join(" ")),
        format!("{{ a: {ONE_OF_MANY} ...F }} fragment F on Query {{ {} }}", aliases[1..99].join(" ")),
        "{ incidents(first: 100) { nodes { timeline(first: 100) { nodes { incident { title timeline(first: 100) { nodes { id } } } } } } } }"
            .to_owned(),
    ] {
        let refused = admin.ask(&document, Value::Null).await;
        assert_eq!(refused.error_code(), "QUERY_TOO_COMPLEX", "{document:.100}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_long_texts_is_bounded() {
    let world = World::on_sqlite().await;
    let admin = world.admin();
    let text = "long ".repeat(3_900);
    for at in 0..10 {
        let input = json!({"title": format!("Long {at}"), "descriptionMarkdown": text});
        admin.change("triggerIncident", input).await.done();
    }
    let few = admin
        .ask(
            "{ incidents(first: 10) { nodes { descriptionMarkdown } } }",
            Value::Null,
        )
        .await;
    assert_eq!(
        few.data()["incidents"]["nodes"].as_array().map(Vec::len),
        Some(10)
    );
    let aliases: Vec<String> = (0..50)
        .map(|at| format!("a{at}: incidents(first: 10) {{ nodes {{ descriptionMarkdown }} }}"))
        .collect();
    let many = admin
        .ask(&format!("{{ {} }}", aliases.join(" ")), Value::Null)
        .await;
    assert_eq!(many.error_code(), "ANSWER_TOO_LARGE");
}
