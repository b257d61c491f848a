//! The server as its callers see it: a real node, a real read model, real sockets.
#![allow(clippy::unwrap_used)]

mod access;
mod api_blocks;
mod api_calls;
mod api_errors;
mod api_events;
mod api_ledgers;
mod api_peers;
mod api_transactions;
mod application;
mod channel;
mod channel_api;
mod channel_explorer;
mod channel_index;
mod channel_pages;
mod description;
mod explorer_problems;
mod five_routes;
mod large_chain;
mod limits;
mod operations;
mod redacted;
mod safety;
mod shutdown;
