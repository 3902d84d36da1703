//! Text that is looked for in a column.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};

use crate::error::RequestError;

/// Longest text that is looked for, in characters: nothing that is searched is longer, and databases limit their patterns.
const TEXT_MAX: usize = 200;

/// Whether a column contains the text, in any case; all rows do where it is blank.
///
/// # Errors
/// A refusal, where the text is too long.
pub(crate) fn contains(column: impl ColumnTrait, text: &str) -> Result<Condition, RequestError> {
    let text = text.trim();
    if text.chars().count() > TEXT_MAX {
        return Err(RequestError::BadInput(format!(
            "`filter.search` may have {TEXT_MAX} characters at most."
        )));
    }
    // SQLite knows the case of ASCII alone: the other case of the text is looked for as well.
    let column = || Expr::col(column);
    Ok(Condition::any()
        .add(Expr::expr(Func::lower(column())).like(containing(&text.to_lowercase())))
        .add(Expr::expr(Func::upper(column())).like(containing(&text.to_uppercase()))))
}

/// A pattern for texts that contain this one.
fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}
