//! Delete an integration, and say when it is surely gone.

use super::{Failure, Scene};
use crate::sailpoint::{Certainty, Class, ErrorKind, Terms};

use tokio::time::Instant;

/// What came of a DELETE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// SailPoint's id of the request.
    pub tracking_id: Option<String>,
    /// It was gone already.
    pub was_gone: bool,
}

/// Deletes integration `id`, if it `may`: that is asked once nothing is waited for any more, and `None` is a no. A 404 in
/// SailPoint's own words is success; any other 404 is the tenant's trouble.
///
/// # Errors
/// As the call, or the question before it, failed.
pub async fn delete(
    scene: &Scene<'_>,
    id: &str,
    may: impl Future<Output = Result<bool, kube::Error>>,
) -> Result<Option<Deleted>, Failure> {
    let connection = scene.connection;
    let _writer = connection.try_write().ok_or(Failure::Busy)?;
    let slot = connection.client.prepare(Class::Delete).await?;
    if !may.await? {
        return Ok(None);
    }
    match connection.client.delete(slot, id, Terms::default()).await {
        Ok(answer) => {
            connection.org.update(|snapshot| snapshot.deleted(id, answer.answered));
            Ok(Some(Deleted { tracking_id: answer.tracking_id, was_gone: false }))
        }
        Err(error) if error.kind() == (ErrorKind::NotFound { by_sailpoint: true }) => {
            connection.org.update(|snapshot| snapshot.deleted(id, Instant::now()));
            Ok(Some(Deleted { tracking_id: error.tracking_id().map(str::to_owned), was_gone: true }))
        }
        Err(error) => {
            if error.certainty() == Certainty::Unknown {
                connection.org.update(|snapshot| snapshot.unanswered(id, Instant::now()));
            }
            Err(error.into())
        }
    }
}
