//! Telling what is wrong with JSON.

/// What is wrong with JSON, and where, without a word of it: serde quotes the value that does not fit, which may be a token.
pub fn json_fault(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Io => "it could not be read",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a value has another type than expected, or is missing",
        serde_json::error::Category::Eof => "it ends too early",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::json_fault;

    #[test]
    fn a_value_that_does_not_fit_is_not_repeated() {
        let error = serde_json::from_str::<Vec<u8>>("\"xoxb-a-token\"").expect_err("no list");
        assert!(error.to_string().contains("xoxb"), "serde quotes it");
        assert!(!json_fault(&error).contains("xoxb"), "{}", json_fault(&error));
    }
}
