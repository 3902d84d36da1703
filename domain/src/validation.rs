//! All that is wrong with an input, told at once.

use crate::error::{UserError, UserErrors};

/// What is read of two parts of an input, or all that is wrong with either.
fn both<A, B>(one: Result<A, UserErrors>, other: Result<B, UserErrors>) -> Result<(A, B), UserErrors> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(wrong), Ok(_)) | (Ok(_), Err(wrong)) => Err(wrong),
        (Err(wrong), Err(more)) => Err(wrong.and(more)),
    }
}

/// What was read of the parts of an input, each of which may be wrong.
pub(crate) trait Checks {
    /// What was read of them.
    type Values;

    /// What was read of all of them.
    ///
    /// # Errors
    /// All that is wrong with any of them.
    fn all(self) -> Result<Self::Values, UserErrors>;
}

macro_rules! nested {
    () => { Ok::<(), UserErrors>(()) };
    ($first:ident $($rest:ident)*) => { both($first.map_err(Into::into), nested!($($rest)*)) };
}

macro_rules! nesting {
    () => { () };
    ($first:ident $($rest:ident)*) => { ($first, nesting!($($rest)*)) };
}

macro_rules! checks {
    ($($name:ident: $Value:ident $Wrong:ident),+) => {
        impl<$($Value, $Wrong: Into<UserErrors>),+> Checks for ($(Result<$Value, $Wrong>,)+) {
            type Values = ($($Value,)+);

            fn all(self) -> Result<Self::Values, UserErrors> {
                let ($($name,)+) = self;
                nested!($($name)+).map(|nesting!($($name)+)| ($($name,)+))
            }
        }
    };
}

checks!(a: A Aw, b: B Bw);
checks!(a: A Aw, b: B Bw, c: C Cw);
checks!(a: A Aw, b: B Bw, c: C Cw, d: D Dw);
checks!(a: A Aw, b: B Bw, c: C Cw, d: D Dw, e: E Ew);
checks!(a: A Aw, b: B Bw, c: C Cw, d: D Dw, e: E Ew, f: F Fw);
checks!(a: A Aw, b: B Bw, c: C Cw, d: D Dw, e: E Ew, f: F Fw, g: G Gw);
checks!(a: A Aw, b: B Bw, c: C Cw, d: D Dw, e: E Ew, f: F Fw, g: G Gw, h: H Hw);

/// What is read of each item of a list.
///
/// # Errors
/// All that is wrong with any of them, each at the place of its item.
pub(crate) fn each<Item, Value, Wrong: Into<UserErrors>>(
    field: &str,
    items: impl IntoIterator<Item = Item>,
    mut read: impl FnMut(Item) -> Result<Value, Wrong>,
) -> Result<Vec<Value>, UserErrors> {
    let mut found = Ok(Vec::new());
    for (place, item) in items.into_iter().enumerate() {
        let place = [field.to_owned(), place.to_string()];
        let read = read(item).map_err(|wrong| wrong.into().under(&place));
        found = both(found, read).map(|(mut found, value): (Vec<Value>, Value)| {
            found.push(value);
            found
        });
    }
    found
}

/// A new value of what an object is never without, read where one is given.
///
/// # Errors
/// What is wrong with it, or that it is to be taken away.
pub(crate) fn new_value<T, Value>(
    field: &str,
    said: crate::patch::Patch<T>,
    read: impl FnOnce(T) -> Result<Value, UserError>,
) -> Result<Option<Value>, UserError> {
    said.needed(field)?.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T>(field: &str) -> Result<T, UserError> {
        Err(UserError::invalid(field, "wrong"))
    }

    fn fields(wrong: UserErrors) -> Vec<String> {
        wrong
            .into_iter()
            .map(|error| error.field.unwrap_or_default().join("."))
            .collect()
    }

    #[test]
    fn all_that_is_wrong_is_told_in_the_order_of_the_input() {
        let good: Result<u8, UserError> = Ok(1);
        let read = (good.clone(), wrong::<u8>("a"), good.clone(), wrong::<u8>("b")).all();
        assert_eq!(fields(read.expect_err("wrong")), ["input.a", "input.b"]);
        assert_eq!((good.clone(), good).all().expect("right"), (1, 1));
    }

    #[test]
    fn an_item_is_told_by_its_place() {
        let read = |n: u8| match n {
            0 => wrong("key"),
            1 => Err(UserError::not_found("user")),
            n => Ok(n),
        };
        let told = each("tags", [2, 0, 3, 1], read).expect_err("wrong");
        assert_eq!(fields(told), ["input.tags.1.key", "input.tags.3"]);
        assert_eq!(each("tags", [2, 3], read).expect("right"), [2, 3]);
    }
}
