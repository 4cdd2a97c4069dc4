//! The double of КИТ Онлайн.
