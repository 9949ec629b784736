//! What is wrong with a document.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where, such as `faults[2].node`; empty for the whole document.
    pub path: String,
    /// What.
    pub message: String,
    /// What would be accepted; empty where there is nothing to say.
    pub accepted: String,
    /// The kind of problem, for programs and translations: `syntax`, `too_large`, `too_deep`, `missing`,
    /// `wrong_type`, `wrong_version`, `newer`, `unknown_field`, `unknown_name`, `out_of_range`, `duplicate`,
    /// `conflict`.
    pub code: String,
    /// It comes from a newer version.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newer: bool,
}

impl Problem {
    /// A problem at a path.
    pub fn new(
        code: &str,
        path: impl Into<String>,
        message: impl Into<String>,
        accepted: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
            accepted: accepted.into(),
            code: code.to_owned(),
            newer: false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if self.accepted.is_empty() { Ok(()) } else { write!(f, " (accepted: {})", self.accepted) }
    }
}

/// Everything that is wrong, in the order of the document's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems {
    /// The first [`crate::limits::PROBLEMS`].
    pub list: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl Problems {
    /// Only this one.
    pub fn one(problem: Problem) -> Self {
        Self { list: vec![problem], more: 0 }
    }

    /// Nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// At least one of them comes from a newer version.
    pub fn newer(&self) -> bool {
        self.list.iter().any(|problem| problem.newer)
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.list.push(problem);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= crate::limits::PROBLEMS
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Problems {}
