//! Unguessable parts of ids and addresses.

/// 32 hexadecimal digits.
pub(crate) fn hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A random UUID, as in `client_msg_id`.
pub(crate) fn uuid() -> String {
    uuid::Builder::from_random_bytes(rand::random())
        .into_uuid()
        .to_string()
}
