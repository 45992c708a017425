//! Entries about principals: who may do what, and how they show who they are.

use prost::Message;

/// A principal: a person, a service or a network element.
#[derive(Clone, PartialEq, Message)]
pub struct PrincipalAdded {
    /// Its name, unique for ever.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Code of its kind: 1 person, 2 service, 3 network element.
    #[prost(uint32, tag = "2")]
    pub kind: u32,
    /// Who that is, in words.
    #[prost(string, tag = "3")]
    pub title: String,
    /// The operator that it belongs to; empty: none.
    #[prost(string, tag = "4")]
    pub operator: String,
}

/// A way by which a principal shows who it is. Its number is the entry's `seq`.
#[derive(Clone, PartialEq, Message)]
pub struct CredentialIssued {
    /// Whose it is.
    #[prost(string, tag = "1")]
    pub principal: String,
    /// SHA-256 of the token; empty for a certificate.
    #[prost(bytes = "vec", tag = "2")]
    pub token_sha256: Vec<u8>,
    /// Common name of the certificate's subject; empty for a token.
    #[prost(string, tag = "3")]
    pub certificate_subject: String,
    /// First second at which it counts no more, since the Unix epoch.
    #[prost(int64, tag = "4")]
    pub expires_unix_s: i64,
}

/// A credential counts no more.
#[derive(Clone, PartialEq, Message)]
pub struct CredentialRevoked {
    /// The credential.
    #[prost(uint64, tag = "1")]
    pub credential: u64,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// A principal counts no more.
#[derive(Clone, PartialEq, Message)]
pub struct PrincipalRevoked {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// A role of a principal. Its number is the entry's `seq`.
#[derive(Clone, PartialEq, Message)]
pub struct RoleGranted {
    /// Who gets it.
    #[prost(string, tag = "1")]
    pub principal: String,
    /// Code of the role.
    #[prost(uint32, tag = "2")]
    pub role: u32,
    /// Codes of the doors that it is for; empty for roles without doors.
    #[prost(uint32, repeated, tag = "3")]
    pub doors: Vec<u32>,
}

/// A role ends.
#[derive(Clone, PartialEq, Message)]
pub struct RoleWithdrawn {
    /// The grant.
    #[prost(uint64, tag = "1")]
    pub grant: u64,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
}
