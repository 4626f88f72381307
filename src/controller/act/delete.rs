//! Delete an integration, and say when it is surely gone.

use super::{Failure, Scene};
use crate::failpoint::{self, Point};
use crate::sailpoint::{Certainty, Class, Terms};

use tokio::time::Instant;

/// What came of a DELETE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// SailPoint's id of the request.
    pub tracking_id: Option<String>,
}

/// Deletes integration `id`, if it `may`: that is asked once nothing is waited for any more, and `None` is a no.
///
/// # Errors
/// As the call, or the question before it, failed. A 404 is one of them, even in SailPoint's own words: a replica that lags
/// behind the create and an org that is another say the same. A whole LIST that starts after it tells.
pub async fn delete(
    scene: &Scene<'_>,
    id: &str,
    may: impl Future<Output = Result<bool, kube::Error>>,
) -> Result<Option<Deleted>, Failure> {
    let connection = scene.connection;
    let _writer = scene.write().ok_or(Failure::Busy)?;
    let slot = connection.client.prepare(Class::Delete).await?;
    failpoint::at(Point::BeforeDelete).await;
    if !may.await? {
        return Ok(None);
    }
    match connection.client.delete(slot, id, Terms::default()).await {
        Ok(answer) => {
            connection.org.update(|snapshot| snapshot.deleted(id, answer.answered));
            Ok(Some(Deleted { tracking_id: answer.tracking_id }))
        }
        Err(error) => {
            if error.certainty() == Certainty::Unknown {
                connection.org.update(|snapshot| snapshot.unanswered(id, Instant::now()));
            }
            Err(error.into())
        }
    }
}
