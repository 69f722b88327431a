//! One row of the table of routes: method, path, who may call it, what goes in and out.

use crate::http::{Server, guard};
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use gridweave_access::Action;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Who may call a route at all; the operation behind it asks again, about the very thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever may do this somewhere.
    May(Action),
}

impl Access {
    /// As the generated table shows it.
    pub fn name(self) -> &'static str {
        match self {
            Access::Public => "public",
            Access::SignedIn => "signed in",
            Access::May(action) => action.name(),
        }
    }
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A route.
pub struct Route {
    /// `get`, `post`, `put`, `patch`, `delete`.
    pub method: &'static str,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Schema of the query.
    pub query: Option<SchemaOf>,
    /// Schema of the body.
    pub body: Option<SchemaOf>,
    /// Schema of the answer.
    pub returns: Option<SchemaOf>,
    handler: MethodRouter<Server>,
}

macro_rules! methods {
    ($($(#[$meta:meta])* $name:ident, $filter:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name<H, T>(path: &'static str, access: Access, summary: &'static str, handler: H) -> Route
        where
            H: Handler<T, Server>,
            T: 'static,
        {
            Route {
                method: stringify!($name),
                path,
                access,
                summary,
                query: None,
                body: None,
                returns: None,
                handler: on(MethodFilter::$filter, handler),
            }
        }
    )*};
}
methods! {
    /// A reading route.
    get, GET;
    /// A creating or acting route.
    post, POST;
    /// A replacing route.
    put, PUT;
    /// A changing route.
    patch, PATCH;
    /// A removing route.
    delete, DELETE;
}

impl Route {
    /// Documents the query.
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(|generator| generator.root_schema_for::<T>());
        self
    }

    /// Documents the body.
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// Documents the answer.
    pub fn returns<T: JsonSchema>(mut self) -> Self {
        self.returns = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// Takes bodies of up to so many bytes, where the usual two megabytes are too few.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.handler = self.handler.layer(axum::extract::DefaultBodyLimit::max(bytes));
        self
    }

    /// Mounts the route behind its guard.
    pub fn mount(self, router: Router<Server>, server: &Server) -> Router<Server> {
        let guarded = self
            .handler
            .layer(axum::middleware::from_fn_with_state((server.clone(), self.access), guard::check));
        router.route(self.path, guarded)
    }
}
