//! The double of Касса PayKeeper.
