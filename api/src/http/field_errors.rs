//! Where an answer has null since a field failed.
//!
//! A field that fails is null, and where it may not be null, so is what it stands in, up to the nearest place that may be. async-graphql leaves
//! the failed field out instead, so that its siblings stand alone. Source: the GraphQL specification, "Handling Execution Errors".

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{
    QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value, extensions::ResolveInfo,
};

/// The fields of one answer that failed.
#[derive(Debug, Default)]
pub(super) struct FieldErrors {
    failed: AtomicBool,
    state: Mutex<FailedFields>,
}

#[derive(Debug, Default)]
struct FailedFields {
    errors: Vec<ServerError>,
    /// Places, by their paths, that are to be null, since something in them failed that may not be.
    nulls: HashSet<Vec<String>>,
}

impl FieldErrors {
    /// What stands in a place: of a field, or of an item of a list. An answer in which nothing failed pays a look at a flag.
    pub(super) fn settle(&self, place: &Place<'_>, outcome: ServerResult<Option<Value>>) -> Option<Value> {
        match outcome {
            Ok(value) => {
                let has_places = matches!(value, Some(Value::Object(_) | Value::List(_)));
                if !has_places || !self.failed.load(Ordering::Relaxed) || !place.is_field() {
                    return value;
                }
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                Some(state.rise(place, value))
            }
            Err(error) => {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                self.failed.store(true, Ordering::Relaxed);
                state.errors.push(error);
                state.null(place);
                Some(Value::Null)
            }
        }
    }

    /// The answer with all errors, and without data where the operation's root is null.
    pub(super) fn complete(&self, mut response: Response) -> Response {
        if !self.failed.swap(false, Ordering::Relaxed) {
            return response;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let FailedFields { errors, nulls } = std::mem::take(&mut *state);
        response.errors.extend(errors);
        if nulls.contains(&Vec::new()) {
            response.data = Value::Null;
        }
        response
    }
}

impl FailedFields {
    /// Null stands in this place. Where a field may not be null, what it stands in is; of an item, the list's field decides.
    fn null(&mut self, place: &Place<'_>) {
        if !place.is_field() {
            self.nulls.insert(place.node.to_string_vec());
        } else if !is_nullable(place.declared) {
            let parent = place.node.parent.map(|parent| parent.to_string_vec());
            self.nulls.insert(parent.unwrap_or_default());
        }
    }

    /// A field's value, with null where something in it failed that may not be: in the field itself, or in items of its list.
    fn rise(&mut self, field: &Place<'_>, mut value: Option<Value>) -> Value {
        let path = field.node.to_string_vec();
        let in_field = |null: &Vec<String>| null.starts_with(&path);
        for null in self.nulls.extract_if(in_field).collect::<Vec<_>>() {
            let indices = null[path.len()..].iter().map_while(|index| index.parse().ok());
            match nearest_nullable(field.declared, &indices.collect::<Vec<usize>>()) {
                Some(item) => set_null(value.as_mut(), item),
                None => value = None,
            }
        }
        if value.is_none() {
            self.null(field);
        }
        value.unwrap_or_default()
    }
}

/// Where null stands for an item of a list: the item, or the nearest list around it that may be null; none for the whole field.
fn nearest_nullable<'i>(declared: &str, indices: &'i [usize]) -> Option<&'i [usize]> {
    let mut nearest = None;
    let mut inner = declared;
    for depth in 1..=indices.len() {
        inner = inner.trim_end_matches('!').strip_prefix('[')?.strip_suffix(']')?;
        if is_nullable(inner) {
            nearest = Some(&indices[..depth]);
        }
    }
    nearest
}

fn set_null(mut value: Option<&mut Value>, indices: &[usize]) {
    for index in indices {
        value = match value {
            Some(Value::List(items)) => items.get_mut(*index),
            Some(_) | None => None,
        };
    }
    if let Some(value) = value {
        *value = Value::Null;
    }
}

fn is_nullable(declared: &str) -> bool {
    !declared.ends_with('!')
}

/// A place in an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    node: &'a QueryPathNode<'a>,
    /// Its type, as async-graphql says: wrong of an item that may be null.
    declared: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(info: &ResolveInfo<'a>) -> Self {
        Self {
            node: info.path_node,
            declared: info.return_type,
        }
    }

    /// Whether it is a field, and no item of a list.
    fn is_field(&self) -> bool {
        matches!(self.node.segment, QueryPathSegment::Name(_))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    use serde_json::{Value as Json, json};

    use crate::http::PhaseExtension;

    struct Query;
    struct Item(i32);

    #[Object]
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    impl Query {
        async fn may(&self, fails: bool) -> Result<Option<Item>, async_graphql::Error> {
            failing(fails).map(|()| Some(Item(0)))
        }

        async fn must(&self, fails: bool) -> Result<Item, async_graphql::Error> {
            failing(fails).map(|()| Item(0))
        }

        async fn list_of_some(&self) -> Vec<Option<Item>> {
            (0..3).map(Item).map(Some).collect()
        }

        async fn lists(&self) -> Vec<Vec<Option<Item>>> {
            vec![(0..2).map(Item).map(Some).collect()]
        }

        async fn list_of_all(&self) -> Option<Vec<Item>> {
            Some((0..3).map(Item).collect())
        }
    }

    #[Object]
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    impl Item {
        async fn number(&self) -> i32 {
            self.0
        }

        async fn may(&self, fails_at: i32) -> Result<Option<i32>, async_graphql::Error> {
            failing(fails_at == self.0).map(|()| Some(1))
        }

        async fn must(&self, fails_at: i32) -> Result<i32, async_graphql::Error> {
            failing(fails_at == self.0).map(|()| 1)
        }

        async fn inner(&self) -> Item {
            Item(self.0)
        }
    }

    fn failing(fails: bool) -> Result<(), async_graphql::Error> {
        if fails {
            Err(async_graphql::Error::new("it fails"))
        } else {
            Ok(())
        }
    }

    /// The data, and the paths of the errors.
    async fn answer(query: &str) -> (Json, Vec<Json>) {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
            .extension(PhaseExtension::default())
            .finish();
        let answer = serde_json::to_value(schema.execute(query).await).expect("JSON");
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        (
            answer["data"].clone(),
            errors.iter().map(|error| error["path"].clone()).collect(),
        )
    }

    #[tokio::test]
    async fn a_failed_field_that_may_be_null_is_null_beside_its_siblings() {
        let (data, errors) =
            answer("{ a: may(fails: false) { number may(failsAt: 0) } b: may(fails: true) { number } }")
                .await;
        assert_eq!(data, json!({"a": {"number": 0, "may": null}, "b": null}));
        assert_eq!(errors.len(), 2);
    }

    #[tokio::test]
    async fn a_failed_field_that_may_not_be_null_nulls_what_it_stands_in() {
        let (data, errors) = answer(
            "{ a: may(fails: false) { number inner { must(failsAt: 0) } } b: may(fails: false) { number } }",
        )
        .await;
        assert_eq!(data, json!({"a": null, "b": {"number": 0}}));
        assert_eq!(errors, [json!(["a", "inner", "must"])]);
    }

    #[tokio::test]
    async fn an_item_that_may_be_null_is_null_alone() {
        let (data, _) = answer("{ listOfSome { number must(failsAt: 1) } }").await;
        assert_eq!(
            data,
            json!({"listOfSome": [{"number": 0, "must": 1}, null, {"number": 2, "must": 1}]})
        );
    }

    #[tokio::test]
    async fn an_item_of_a_list_in_a_list_is_null_alone() {
        let (data, _) = answer("{ lists { must(failsAt: 1) } }").await;
        assert_eq!(data, json!({"lists": [[{"must": 1}, null]]}));
    }

    #[tokio::test]
    async fn an_item_that_may_not_be_null_nulls_its_list() {
        let (data, errors) =
            answer("{ listOfAll { number must(failsAt: 1) } may(fails: false) { number } }").await;
        assert_eq!(data, json!({"listOfAll": null, "may": {"number": 0}}));
        assert_eq!(errors, [json!(["listOfAll", 1, "must"])]);
    }

    #[tokio::test]
    async fn where_nothing_above_may_be_null_there_is_no_data() {
        let (data, errors) =
            answer("{ must(fails: false) { number must(failsAt: 0) } may(fails: false) { number } }").await;
        assert_eq!(data, Json::Null);
        assert_eq!(errors, [json!(["must", "must"])]);
        let (data, _) = answer("{ must(fails: true) { number } may(fails: false) { number } }").await;
        assert_eq!(data, Json::Null);
    }
}
