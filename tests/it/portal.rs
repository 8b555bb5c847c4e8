//! The portal: pages as queries, what is sent to them, what they look like in a browser.

mod browser;
mod deciding;
mod hostile;
mod initiating;
mod logouts;
mod numbers;
mod policies;
mod provider;
mod queries;
mod sessions;
mod views;
