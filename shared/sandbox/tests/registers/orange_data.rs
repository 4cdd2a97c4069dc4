//! The double of OrangeData.
