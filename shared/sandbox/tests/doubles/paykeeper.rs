//! The double of `PayKeeper`, spoken to by the platform's own connector.
