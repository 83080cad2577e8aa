//! Every refusal, one row each, one table per door: the catalogue.
//!
//! From these tables come the answers, `docs/errors.md`, the metric labels and the test that each row is provoked by
//! some test. Two enums rather than one, so that the compiler does not let a KOE code leave by the kapi door. What
//! breaks on our side (a store that does not answer) is no fault of the caller; it borrows the row that says so.

/// Who says that a refusal looks like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Documented by the platform.
    Documented,
    /// Observed by integrators on the live platform.
    Observed,
    /// Our choice, because nothing public says.
    Ours,
}

/// How a refusal of the kauth door reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A page for the person in the browser; it never redirects. JSON if the client asks for JSON.
    Page,
    /// A redirect to the proved redirect URI.
    Redirect,
    /// A JSON body.
    Json,
}

/// A row of the kauth table.
#[derive(Clone, Copy, Debug)]
pub struct KauthRow {
    /// The fault's own name, for logs, metrics and documents.
    pub name: &'static str,
    /// HTTP status where it is not a redirect.
    pub status: u16,
    /// Page, redirect or JSON.
    pub answer: Answer,
    /// The `error` of RFC 6749.
    pub error: &'static str,
    /// The `error_code`; empty where the platform gives none.
    pub code: &'static str,
    /// Who says so.
    pub standing: Standing,
    /// The `error_description`; `{}` stands for what the caller itself sent.
    pub description: &'static str,
    /// What it means, from its doc comment.
    pub meaning: &'static str,
}

/// A row of the kapi table.
#[derive(Clone, Copy, Debug)]
pub struct KapiRow {
    /// The fault's own name, for logs, metrics and documents.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The `code` of the body.
    pub code: i32,
    /// Who says so.
    pub standing: Standing,
    /// The `msg`; `{}` stands for what the caller itself sent.
    pub msg: &'static str,
    /// What it means, from its doc comment.
    pub meaning: &'static str,
}

macro_rules! kauth {
    ($(#[doc = $meaning:literal] $name:ident = $status:literal $answer:ident $error:literal $code:literal $standing:ident $description:literal;)*) => {
        /// A refusal of the kauth door (`/oauth/business/*`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum KauthFault { $(#[doc = $meaning] $name,)* }

        impl KauthFault {
            /// Every row, in the catalogue's order.
            pub const ALL: &[KauthFault] = &[$(KauthFault::$name,)*];

            /// The row that says how this refusal looks.
            pub const fn row(self) -> &'static KauthRow {
                match self {$(
                    KauthFault::$name => &KauthRow {
                        name: stringify!($name), status: $status, answer: Answer::$answer, error: $error, code: $code,
                        standing: Standing::$standing, description: $description, meaning: $meaning,
                    },
                )*}
            }
        }
    };
}

macro_rules! kapi {
    ($(#[doc = $meaning:literal] $name:ident = $status:literal $code:literal $standing:ident $msg:literal;)*) => {
        /// A refusal of the kapi door (`/v1/*`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum KapiFault { $(#[doc = $meaning] $name,)* }

        impl KapiFault {
            /// Every row, in the catalogue's order.
            pub const ALL: &[KapiFault] = &[$(KapiFault::$name,)*];

            /// The row that says how this refusal looks.
            pub const fn row(self) -> &'static KapiRow {
                match self {$(
                    KapiFault::$name => &KapiRow {
                        name: stringify!($name), status: $status, code: $code,
                        standing: Standing::$standing, msg: $msg, meaning: $meaning,
                    },
                )*}
            }
        }
    };
}

kauth! {
    // name                  status answer error                code     standing description
    /// No app bears this `client_id`.
    UnknownKey              = 400 Page     "invalid_client"            "KOE101" Observed   "Not exist client_id [{}]";
    /// The key is not a REST API key.
    NotRestApiKey           = 400 Page     "invalid_client"            "KOE008" Documented "client_id must be a REST API key";
    /// The app or its developer is under sanction.
    AppSanctioned           = 400 Page     "unauthorized_client"       "KOE125" Documented "the app or its developer is sanctioned";
    /// `redirect_uri` is missing or is not a business redirect URI of this key, byte for byte.
    UnregisteredRedirectUri = 400 Page     "invalid_request"           "KOE028" Documented "redirect_uri is not registered for business authentication: {}";
    /// The app is no Biz app.
    NotBizApp               = 400 Page     "unauthorized_client"       "KOE123" Documented "the app is not a Biz app";
    /// The app lacks the feature permission of a group it asks for.
    NoFeaturePermission     = 400 Page     "unauthorized_client"       "KOE124" Documented "the app has no permission for: {}";
    /// `response_type` is not `code`.
    UnsupportedResponseType = 400 Redirect "invalid_request"           "KOE201" Observed   "Unsupported response type: {}";
    /// `scope` is missing, or names an item that is unknown or not switched on for the app.
    UnknownConsentItem      = 400 Page     "invalid_scope"             "KOE232" Documented "consent item unknown or not switched on: {}";
    /// The parameters contradict the rules for e-mail, `_create`, `resource_ids` or PKCE, or are unknown, repeated or malformed.
    BadAuthorizeParameter   = 400 Page     "invalid_request"           "KOE233" Observed   "{}";
    /// A test app, and the account is not one of its members.
    NotMember               = 400 Page     "access_denied"             "KOE005" Documented "the account is not a member of the test app";
    /// The account has not joined the business centre.
    NotBusinessUser         = 400 Page     "access_denied"             "KOE025" Documented "the account has not joined the business centre";
    /// The account is dormant, blocked or withdrawn.
    AccountNotActive        = 400 Page     "access_denied"             "KOE026" Documented "the account is not in good standing";
    /// The account holds no business asset, or none that it may lend for what was asked.
    NoBusinessAsset         = 400 Page     "access_denied"             "KOE027" Documented "the account has no business asset to lend: {}";
    /// This account has issued to this app as often as it may.
    IssuanceLimit           = 400 Page     "access_denied"             "KOE236" Documented "issuance limit for this account and app reached";
    /// The person declined.
    AccessDenied            = 400 Redirect "access_denied"             ""       Documented "User denied access";
    /// The token request is not a form, repeats a parameter or lacks one.
    MalformedTokenRequest   = 400 Json     "invalid_request"           "KOE001" Ours       "{}";
    /// `grant_type` is not `authorization_code`.
    UnsupportedGrantType    = 400 Json     "unsupported_grant_type"    "KOE310" Ours       "Unsupported grant type: {}";
    /// No app bears this REST API key; HTTP Basic is not read.
    UnknownClient           = 401 Json     "invalid_client"            "KOE101" Observed   "Not exist client_id [{}]";
    /// The client secret is ON and is missing or wrong.
    BadClientSecret         = 401 Json     "invalid_client"            "KOE010" Observed   "Bad client credentials";
    /// The caller's address is not among those allowed for the key.
    CallerNotAllowed        = 401 Json     "invalid_client"            "KOE127" Ours       "ip mismatched! callerIp={}. check out registered ips.";
    /// The code is unknown, spent or expired: one text for all three.
    CodeNotFound            = 400 Json     "invalid_grant"             "KOE320" Observed   "authorization code not found for code={}";
    /// The code was issued to another key.
    WrongApp                = 400 Json     "invalid_grant"             "KOE114" Observed   "Application ID mismatch";
    /// `redirect_uri` is not the one of the authorize request.
    RedirectUriMismatch     = 400 Json     "invalid_grant"             "KOE303" Observed   "Redirect URI mismatch.";
    /// The PKCE verifier is missing, wrong, or was sent for a code without a challenge.
    BadVerifier             = 400 Json     "invalid_grant"             "KOE320" Ours       "code_verifier does not match the code_challenge";
    /// More tokens a minute than the key may have, or too many wrong credentials from the address or for the key.
    TokenRateLimit          = 429 Json     "invalid_request"           "KOE237" Observed   "token request rate limit exceeded";
    /// The request cannot be read at all.
    MalformedRequest        = 400 Page     "invalid_request"           "KOE001" Documented "malformed request";
    /// No such address under `/oauth`.
    UnknownUrl              = 404 Page     "invalid_request"           "KOE002" Documented "unknown URL";
    /// The address exists, the method is wrong; `Allow` names the right one.
    WrongMethod             = 405 Page     "invalid_request"           "KOE001" Ours       "method not allowed";
    /// The store does not answer, or not in time.
    TemporaryFailure        = 503 Page     "temporarily_unavailable"   "KOE003" Documented "temporary failure, try again";
    /// A bug of ours; the operator's log has it.
    Broken                  = 500 Page     "server_error"              "KOE003" Ours       "internal error";
}

kapi! {
    // name              status code  standing   msg
    /// The same records were wanted by too many at once; nothing was done.
    Temporary           = 400 -1     Documented "internal error, try again later";
    /// The store does not answer, or not in time.
    StoreDown           = 503 -1     Ours       "temporarily unavailable, try again later";
    /// A bug of ours; the operator's log has it.
    Broken              = 500 -1     Ours       "internal error";
    /// A parameter is wrong.
    BadParameter        = 400 -2     Documented "{}";
    /// No such address under `/v1`.
    UnknownPath         = 404 -2     Ours       "unknown path";
    /// The address exists, the method is wrong; `Allow` names the right one.
    WrongMethod         = 405 -2     Ours       "method not allowed";
    /// This admin key may not call this API.
    ApiNotAllowed       = 403 -3     Documented "this API is not allowed for this admin key";
    /// The account of a test app's token is a member no more.
    PermissionDenied    = 403 -5     Documented "permission denied";
    /// The `Authorization` header cannot be read.
    BadHeader           = 400 -8     Documented "bad Authorization header";
    /// The app has used up its calls for today, or too many wrong keys came from the address.
    QuotaExceeded       = 400 -10    Observed   "API limit has been exceeded.";
    /// The app or its developer is under sanction.
    AppSanctioned       = 403 -12    Documented "the app or its developer is sanctioned";
    /// No key or token was sent where one is looked for.
    NoKey               = 401 -401   Observed   "no authentication key!";
    /// No live token has this value.
    NoSuchToken         = 401 -401   Observed   "this access token does not exist";
    /// The token died of disuse.
    TokenExpired        = 401 -401   Observed   "this access token is already expired";
    /// The key is not 32 lowercase hexadecimal digits.
    MalformedKey        = 401 -401   Observed   "wrong appKey({}) format";
    /// No app bears this key.
    UnknownKey          = 401 -401   Observed   "appKey({}) does not exist";
    /// The key was switched off.
    DisabledKey         = 401 -401   Observed   "appKey({}) is already deactivated";
    /// The caller's address is not among those allowed for the key.
    CallerNotAllowed    = 401 -401   Observed   "ip mismatched! callerIp={}. check out registered ips.";
    /// The platform is in maintenance.
    Maintenance         = 503 -9798  Documented "the service is under maintenance";
}

/// The words of a row, with `about` in the place that the row leaves for it.
pub fn fill(words: &str, about: &str) -> String {
    words.replacen("{}", about, 1)
}

impl KauthFault {
    /// This refusal, about what the caller sent.
    pub fn about(self, about: impl Into<String>) -> Refusal<KauthFault> {
        Refusal { fault: self, about: about.into() }
    }
}

impl KapiFault {
    /// This refusal, about what the caller sent.
    pub fn about(self, about: impl Into<String>) -> Refusal<KapiFault> {
        Refusal { fault: self, about: about.into() }
    }
}

/// A fault and what the caller sent that it is about. Only ever echoed to the caller, never logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<F> {
    /// The row.
    pub fault: F,
    /// What fills the row's `{}`.
    pub about: String,
}

impl<F> From<F> for Refusal<F> {
    fn from(fault: F) -> Self {
        Refusal { fault, about: String::new() }
    }
}

impl Refusal<KauthFault> {
    /// The `error_description`.
    pub fn description(&self) -> String {
        fill(self.fault.row().description, &self.about)
    }
}

impl Refusal<KapiFault> {
    /// The `msg`.
    pub fn msg(&self) -> String {
        fill(self.fault.row().msg, &self.about)
    }
}
