//! The double of `YooKassa`, spoken to by the platform's own connector.
