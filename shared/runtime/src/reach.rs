//! How far outside a function reaches, beside the table and the queues. What is out of its reach is not linked into it: a callback's
//! zip carries no HTTP client, and only one function's the SDKs of e-mail and SMS. The stack on one machine gives everything to all.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::channel::aws::AwsChannels;
use connectors::channel::{ChannelError, Channels, Email, Sms};
use connectors::client::{Limits, ReqwestHttp, Root};
use connectors::http::{Http, HttpError, Request, Response};

use crate::aws::Clients;
use crate::config::Config;

/// How far.
pub trait Reach {
    /// HTTP to banks, registers, executors and partners.
    fn http(config: &Config, extra_roots: Vec<Root>) -> Arc<dyn Http>;
    /// Channels to the buyer.
    fn channels(config: &Config, clients: &Clients) -> Arc<dyn Channels>;
}

/// The table and the queues only.
#[derive(Debug)]
pub enum Inside {}

/// Other people's servers too.
#[derive(Debug)]
pub enum Web {}

/// The buyer too, by e-mail and SMS.
#[derive(Debug)]
pub enum Buyer {}

impl Reach for Inside {
    fn http(_: &Config, _: Vec<Root>) -> Arc<dyn Http> {
        Arc::new(OutOfReach)
    }

    fn channels(_: &Config, _: &Clients) -> Arc<dyn Channels> {
        Arc::new(OutOfReach)
    }
}

impl Reach for Web {
    fn http(config: &Config, extra_roots: Vec<Root>) -> Arc<dyn Http> {
        Arc::new(ReqwestHttp::new(config.settings.allow_private_hosts, extra_roots, Limits::STANDARD))
    }

    fn channels(_: &Config, _: &Clients) -> Arc<dyn Channels> {
        Arc::new(OutOfReach)
    }
}

impl Reach for Buyer {
    fn http(_: &Config, _: Vec<Root>) -> Arc<dyn Http> {
        Arc::new(OutOfReach)
    }

    fn channels(config: &Config, clients: &Clients) -> Arc<dyn Channels> {
        Arc::new(AwsChannels {
            ses: clients.ses.clone(),
            sns: clients.sns.clone(),
            mail_from: config.mail_from.clone(),
            sms_sender: config.sms_sender.clone(),
        })
    }
}

/// Stands where a function has no way out.
struct OutOfReach;

const REASON: &str = "this function does not reach so far: see its main.rs";

#[async_trait]
impl Http for OutOfReach {
    async fn send(&self, _: Request) -> Result<Response, HttpError> {
        Err(HttpError::NotSent(REASON.to_owned()))
    }
}

#[async_trait]
impl Channels for OutOfReach {
    async fn email(&self, _: Email) -> Result<String, ChannelError> {
        Err(ChannelError::NotSent(REASON.to_owned()))
    }

    async fn sms(&self, _: Sms) -> Result<String, ChannelError> {
        Err(ChannelError::NotSent(REASON.to_owned()))
    }
}
