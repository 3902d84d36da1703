//! Post-mortems: drafted from an incident's timeline, reviewed, published.

mod command;
mod draft;
mod submit;

pub use self::submit::{
    CreatePostmortem, PublishPostmortem, RequestPostmortemReview, UpdatePostmortem, create, publish,
    request_review, update,
};
