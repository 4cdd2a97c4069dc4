//! A bank that is honest.
