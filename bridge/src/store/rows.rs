//! Rows of values in a statement, however many, in few different texts: each connection keeps the statements that it has prepared, and there is
//! one for each text.

use sea_orm::Value;

/// Rows as SQL has them, and their values.
pub(crate) struct Rows {
    /// `($1, $2), ($3, $4)`.
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

/// The rows, whose first value is called `$first`. Each has as many values.
pub(crate) fn rows(all: Vec<Vec<Value>>, first: usize) -> Rows {
    let mut next = first;
    let mut texts = Vec::with_capacity(all.len());
    for row in &all {
        let names: Vec<String> = (next..next + row.len()).map(|name| format!("${name}")).collect();
        texts.push(format!("({})", names.join(", ")));
        next += row.len();
    }
    Rows {
        text: texts.join(", "),
        values: all.into_iter().flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_named_row_by_row() {
        let all = vec![vec![1.into(), 2.into()], vec![3.into(), 4.into()]];
        let rows = rows(all, 3);
        assert_eq!(rows.text, "($3, $4), ($5, $6)");
        assert_eq!(rows.values, [1, 2, 3, 4].map(Value::from));
    }
}
