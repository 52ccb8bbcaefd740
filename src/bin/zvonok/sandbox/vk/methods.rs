//! The methods, and who may call them.

use serde_json::Value;

use super::super::desk::{Mode, Papers};
use super::error::Error;
use super::params::Params;
use super::{chats, lists, messages, smalls};

/// A call that passed the door: the papers it may look at and change, and the version asked for.
pub(crate) struct Caller<'a> {
    pub(crate) papers: &'a mut Papers,
    pub(crate) version: (u32, u32),
}

type Handler = fn(&mut Caller<'_>, &Params) -> Result<Value, Error>;

/// A method as the token of a community finds it.
pub(crate) struct Method {
    name: &'static str,
    access: Access,
    kind: Kind,
    handler: Handler,
}

#[derive(PartialEq)]
enum Access {
    /// Open to communities.
    Group,
    /// Closed to communities, but a partner's might be let in.
    Partner,
    /// Needs the person's own token.
    User,
}

enum Kind {
    Reads,
    Changes,
    /// Changes something only when this flag is given.
    ChangesWith(&'static str),
}

use Access::{Group, Partner, User};
use Kind::{Changes, ChangesWith, Reads};

const METHODS: &[Method] = &[
    method("calls.forceFinish", Partner, Changes, smalls::finish_call),
    method("calls.start", Partner, Changes, smalls::start_call),
    method("groups.getById", Group, Reads, smalls::community),
    method("groups.getTokenPermissions", Group, Reads, smalls::token_permissions),
    method("messages.addChatUser", Partner, Changes, chats::add_user),
    method("messages.addChatUsers", Partner, Changes, chats::add_users),
    method("messages.createChat", Group, Changes, chats::create),
    method("messages.deleteConversation", Group, Changes, messages::delete_conversation),
    method("messages.editChat", Group, Changes, chats::edit),
    method("messages.forceCallFinish", User, Changes, closed),
    method("messages.getChat", User, Reads, closed),
    method("messages.getChatPreview", User, Reads, closed),
    method("messages.getConversationMembers", Group, Reads, lists::members),
    method("messages.getConversations", Group, Reads, lists::conversations),
    method("messages.getConversationsById", Group, Reads, lists::conversations_by_id),
    method("messages.getHistory", Group, Reads, lists::history),
    method("messages.getInviteLink", Group, ChangesWith("reset"), chats::invite_link),
    method("messages.isMessagesFromGroupAllowed", Group, Reads, smalls::messages_allowed),
    method("messages.joinChatByInviteLink", User, Changes, closed),
    method("messages.pin", Group, Changes, messages::pin),
    method("messages.removeChatUser", Group, Changes, chats::remove_user),
    method("messages.send", Group, Changes, messages::send),
    method("messages.setMemberRole", Group, Changes, chats::set_role),
    method("messages.startCall", User, Changes, closed),
    method("messages.unpin", Group, Changes, messages::unpin),
    method("users.get", Group, Reads, smalls::users),
    method("utils.getServerTime", Group, Reads, smalls::server_time),
];

const fn method(name: &'static str, access: Access, kind: Kind, handler: Handler) -> Method {
    Method { name, access, kind, handler }
}

/// The method of this name; names are case-sensitive.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

impl Method {
    /// Whether a call with these parameters asks for a change.
    pub(crate) fn changes(&self, params: &Params) -> bool {
        match self.kind {
            Reads => false,
            Changes => true,
            ChangesWith(flag) => params.flag(flag),
        }
    }
}

impl Caller<'_> {
    pub(crate) fn call(&mut self, name: &str, params: &Params) -> Result<Value, Error> {
        let method = find(name).ok_or_else(Error::unknown_method)?;
        let partner = self.papers.switches.mode == Mode::Partner;
        match method.access {
            User => Err(Error::group_auth()),
            Partner if !partner => Err(Error::group_auth()),
            Group | Partner => (method.handler)(self, params),
        }
    }

    /// The community as a member and a sender.
    pub(crate) fn community(&self) -> i64 {
        -self.papers.community
    }

    /// Refuses a `group_id` that is not the token's community.
    pub(crate) fn check_group(&self, params: &Params) -> Result<(), Error> {
        match params.int("group_id")? {
            Some(id) if id.checked_abs() != Some(self.papers.community) => {
                Err(Error::new(15, "Access denied: group_id is not the token's community"))
            }
            _ => Ok(()),
        }
    }
}

/// What nobody gets to, because the token was refused before.
fn closed(_: &mut Caller<'_>, _: &Params) -> Result<Value, Error> {
    Err(Error::group_auth())
}
