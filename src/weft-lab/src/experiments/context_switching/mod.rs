//! Section 5 of the notes: context switching.

mod switch_where;
mod timeline;
mod working_set;

pub(super) use switch_where::SwitchWhere;
pub(super) use timeline::Timeline;
pub(super) use working_set::WorkingSet;
