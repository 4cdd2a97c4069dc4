//! The double of Бизнес.Ру Чеки, its own open API.
