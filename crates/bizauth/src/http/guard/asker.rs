//! The app behind a call of kauth or kapi: learned by whoever proves it, told to whoever counts the call.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bizauth_core::id::AppId;

/// A place for the app of one request. Every clone is the same place; it outlives a handler that takes too long.
#[derive(Clone, Debug, Default)]
pub struct Asker(Arc<AtomicI64>);

impl Asker {
    /// It is this app.
    pub fn is(&self, app: AppId) {
        self.0.store(app.0, Ordering::Relaxed);
    }

    /// The call is not the app's after all.
    pub fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// The app, if it became known. Ids are positive.
    pub fn app(&self) -> Option<AppId> {
        Some(AppId(self.0.load(Ordering::Relaxed))).filter(|app| app.0 > 0)
    }
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
