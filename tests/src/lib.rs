//! Tests over the whole, each kind in a folder of its own. There is no code here.
//!
//! | folder | asks |
//! |---|---|
//! | `scenarios` | what happens when …? A readable script, its telling a snapshot |
//! | `stored` | can today's program read every row that was ever written? |
//! | `laws` | does what we sign open only what it was signed for? |
//! | `tidy` | is every line in its room? |
//! | `support` | the world the others play in: a crate of its own |
//! | `curl`, `browser` | the same stories from outside the process |
