//! Post-mortems: drafted from an incident's timeline, reviewed, published.

mod command;
mod draft;
mod query;
mod submit;

pub use self::{
    query::{PostmortemOrderField, PostmortemSort, count, find, find_by_incident_number, list, of_incident},
    submit::{
        CreatePostmortem, PublishPostmortem, RequestPostmortemReview, UpdatePostmortem, create, publish,
        request_review, update,
    },
};
