//! The route table, the listener, and the drain.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Resource, Route};

use super::service::{Door, Service};
use super::{
    bundle_route, graphql_route, health, ledger_route, login_route, metrics, portal_route, query_page, request,
    returns_route, socket, tipoff_route,
};
use crate::graphql::media::wants_page;

/// How long requests in flight may take to finish once the gateway is told to stop, in seconds.
const DRAIN_SECONDS: u64 = 30;

/// Every route there is.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(read_only("/health/live", web::to(health::live), web::to(health::live)))
        .service(read_only("/health/ready", web::to(health::ready), web::to(health::ready)))
        .service(read_only("/metrics", web::to(metrics::page), web::to(metrics::page)))
        .service(web::resource("/graphql").route(web::route().to(graphql)))
        .service(web::resource("/subgraph").route(web::route().to(subgraph)))
        .service(read_only("/graphql/{asset}", web::to(query_page_asset), web::to(query_page_asset)))
        .service(
            web::resource("/ledger/exports")
                .route(web::post().to(bundle_route::order))
                .default_service(web::to(post_only)),
        )
        .service(read_only("/ledger/exports/{export}", web::to(bundle_route::state), web::to(bundle_route::state)))
        .service(read_only(
            "/ledger/exports/{export}/bundle.tar",
            web::to(bundle_route::file),
            web::to(bundle_route::file),
        ))
        .service(read_only("/returns/{kind}/{name}", web::to(returns_route::get), web::to(returns_route::get)))
        .service(
            web::resource("/tipoffs/attachments")
                .route(web::post().to(tipoff_route::post))
                .default_service(web::to(post_only)),
        )
        .service(read_only(
            "/tipoffs/{id}/attachments/{number}",
            web::to(tipoff_route::get),
            web::to(tipoff_route::get),
        ))
        .service(read_only("/ledger/{page:.*}", web::to(ledger_route::page), web::to(ledger_route::page)))
        .service(read_only("/login", web::to(login_route::begin), web::to(login_route::begin)))
        .service(read_only("/login/callback", web::to(login_route::callback), web::to(login_route::callback)))
        .service(
            web::resource("/logout/provider")
                .route(web::post().to(login_route::end_by_provider))
                .default_service(web::to(post_only)),
        )
        .service(web::resource("/logout").route(web::post().to(login_route::end)).default_service(web::to(post_only)))
        .service(read_only("/assets/{mark}/{name}", web::to(portal_route::asset), web::to(portal_route::asset)))
        .default_service(web::to(portal));
}

/// A resource that answers GET and HEAD (RFC 9110, 9.1) and refuses the rest. A route is of one method and cannot be cloned.
fn read_only(path: &str, get: Route, head: Route) -> Resource {
    let refuse = || async { HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD")).finish() };
    web::resource(path).route(get.method(Method::GET)).route(head.method(Method::HEAD)).default_service(web::to(refuse))
}

async fn post_only() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish()
}

async fn graphql(service: Data<Arc<Service>>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    if socket::is_upgrade(&request) {
        return socket::open(&service, &request, payload);
    }
    let is_page =
        request.method() == Method::GET && request.query_string().is_empty() && wants_page(request::accept(&request));
    if is_page {
        return page_asset(&request);
    }
    graphql_route::answer(service, request, payload, Door::Graphql).await
}

/// The same schema for a router, when the configuration says so.
async fn subgraph(service: Data<Arc<Service>>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    if service.subgraph.is_none() {
        return not_found();
    }
    graphql_route::answer(service, request, payload, Door::Subgraph).await
}

/// A file of the query page, by its path.
async fn query_page_asset(request: HttpRequest) -> HttpResponse {
    page_asset(&request)
}

fn page_asset(request: &HttpRequest) -> HttpResponse {
    let Some(asset) = query_page::page().iter().find(|asset| asset.path == request.path()) else {
        return HttpResponse::NotFound().finish();
    };
    if request::text(request.headers(), IF_NONE_MATCH.as_str()) == Some(asset.etag.as_str()) {
        return HttpResponse::NotModified().insert_header((ETAG, asset.etag.as_str())).finish();
    }
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((ETAG, asset.etag.as_str()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((VARY, "Accept"))
        .insert_header((CONTENT_SECURITY_POLICY, query_page::CONTENT_SECURITY_POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(asset.body)
}

/// Every other path: a page of the portal, or none.
async fn portal(service: Data<Arc<Service>>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    match *request.method() {
        Method::GET | Method::HEAD | Method::POST => portal_route::page(service, request, payload).await,
        _ => HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD, POST")).finish(),
    }
}

fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("nothing here: queries go to /graphql\n")
}

/// Serves on `listener` until told to stop; requests in flight finish first.
pub async fn serve(service: Arc<Service>, listener: TcpListener, workers: usize) -> std::io::Result<()> {
    let shared = Data::new(Arc::clone(&service));
    let server = HttpServer::new(move || App::new().app_data(shared.clone()).configure(routes))
        .workers(workers.max(2))
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
    let stopper = stop_on_signal(Arc::clone(&service), server.handle());
    let result = server.await;
    stopper.abort();
    result
}

/// Serves on `listener` while `work` is done on a thread of its own, and gives what came of it.
pub async fn serve_while<T: Send + 'static>(
    service: Arc<Service>,
    listener: TcpListener,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    let shared = Data::new(Arc::clone(&service));
    let server = HttpServer::new(move || App::new().app_data(shared.clone()).configure(routes))
        .workers(2)
        .disable_signals()
        .listen(listener)?
        .run();
    let (handle, serving) = (server.handle(), actix_web::rt::spawn(server));
    let done = actix_web::rt::task::spawn_blocking(work).await;
    // Open connections end at once; whoever is served by this service afterwards finds it open again.
    service.edge.is_draining.store(true, Ordering::Relaxed);
    handle.stop(true).await;
    serving.await.map_err(std::io::Error::other)??;
    service.edge.is_draining.store(false, Ordering::Relaxed);
    done.map_err(std::io::Error::other)
}

fn stop_on_signal(service: Arc<Service>, handle: ServerHandle) -> actix_web::rt::task::JoinHandle<()> {
    actix_web::rt::spawn(async move {
        if let Err(error) = signalled().await {
            tracing::error!(%error, "signals cannot be awaited; stop the process by force");
            return;
        }
        tracing::info!("stopping: requests in flight finish first");
        service.edge.is_draining.store(true, Ordering::Relaxed);
        handle.stop(true).await;
    })
}

async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
