//! The door of the clocks: a schedule ticks, the work is done once.

use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use workflows::ports::Ports;

use crate::reach::Reach;
use crate::sqs_door::WorkerError;
use crate::start::StartError;

/// Serves a schedule until Lambda ends the process. What the schedule says is not read: a tick means *look what is due*. A
/// failed tick is told to Lambda, which tries again.
///
/// # Errors
/// The environment is not usable, or Lambda ended the conversation.
pub async fn serve_schedule<R: Reach, Fut>(handler: impl Fn(Ports) -> Fut) -> Result<(), StartError>
where
    Fut: Future<Output = Result<(), WorkerError>>,
{
    let ports = crate::start::ports::<R>().await?;
    let tick = service_fn(|_: LambdaEvent<IgnoredAny>| {
        let work = handler(ports.clone());
        async move {
            work.await.map_err(|error| {
                let told = crate::log::chain(&error);
                match error {
                    WorkerError::Outside(_) => tracing::warn!(error = told, "a tick failed"),
                    WorkerError::Unreadable(_) | WorkerError::Ours(_) => tracing::error!(error = told, "a tick failed"),
                }
                lambda_runtime::Error::from("the tick failed, its log says why")
            })
        }
    });
    lambda_runtime::run(tick).await.map_err(StartError::Lambda)
}
