//! The people of one chat: who is put in or invited, who is taken out, who gains or loses rights.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chat::{operation, task, waits_for};
use super::unlinked::is_given_up;
use super::{
    Attempt, Cause, ChatState, Input, Invitation, Kind, KnownChat, KnownMember, MemberState,
    Operation, Plan, Present, TaskKind,
};
use crate::clock::later;
use crate::config::{Leavers, Strangers};
use crate::error::{Fault, Text};
use crate::platform::{self, Capability};
use crate::profile::{DesiredChat, DesiredMember, Reason};

/// How long somebody who was once taken out is given to come by the link before a person is asked to
/// let them in by hand.
const LET_IN_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Everybody whom the profile means by one account: two parents may share a phone (ruling 6).
pub(crate) type Wanted<'a> = BTreeMap<&'a str, Vec<(&'a str, &'a DesiredMember)>>;

/// The accounts that should be in, with the people behind each.
pub(crate) fn wanted(desired: &DesiredChat, platform: platform::Kind) -> Wanted<'_> {
    let mut wanted = Wanted::new();
    for (person, member) in &desired.members {
        if let Some(account) = account_on(member, platform) {
            wanted.entry(account).or_default().push((person, member));
        }
    }
    wanted
}

/// The account by which a person is on a platform: the first that the roster names (ruling 6).
pub(crate) fn account_on(member: &DesiredMember, platform: platform::Kind) -> Option<&str> {
    let mut accounts = member.accounts.iter();
    accounts.find(|(kind, _)| kind == platform.name()).map(|(_, account)| account.as_str())
}

/// Plans the people of a chat; `known` is `None` for one that is about to be made. A frozen chat
/// only gains.
pub(super) fn plan(
    input: &Input,
    desired: &DesiredChat,
    known: Option<&KnownChat>,
    frozen: bool,
    plan: &mut Plan,
) {
    let platform = known.map_or(input.platform, |known| known.platform);
    let wanted = wanted(desired, platform);
    for (account, people) in &wanted {
        let chat = Chat { input, desired, known, frozen };
        match known.and_then(|known| known.present.get(*account)) {
            None => chat.bring_in(account, people, plan),
            Some(present) => chat.set_rights(account, people, present, plan),
        }
    }
    let Some(known) = known else { return };
    for (account, present) in known.people_present() {
        let kept = wanted.contains_key(account.as_str())
            || input.is_protected(platform, account)
            // Those go from every chat alike, frozen or not.
            || is_given_up(input, known, account, &present.people);
        if !kept {
            Leaver { input, desired, known, account, present }.plan(frozen, plan);
        }
    }
}

/// One chat while its wanted people are planned.
struct Chat<'a> {
    input: &'a Input<'a>,
    desired: &'a DesiredChat,
    known: Option<&'a KnownChat>,
    frozen: bool,
}

impl Chat<'_> {
    fn bring_in(&self, account: &str, people: &[(&str, &DesiredMember)], plan: &mut Plan) {
        if self.is_former() {
            return;
        }
        let state = self.absent_state(account, people);
        if state == Some(MemberState::Left) && self.leavers() == Leavers::Respect {
            return;
        }
        let may_add = self.may_add(account, state, plan);
        let kind = if may_add { Kind::AddMember } else { Kind::InviteMember };
        if kind == Kind::InviteMember && self.is_invited(account, people, state, plan) {
            self.ask_to_let_in(account, people, plan);
            return;
        }
        if self.waits(kind, account, plan) {
            return;
        }
        let reasons = people.iter().flat_map(|(_, member)| &member.reasons);
        plan.operations.push(self.about(kind, account, people, Cause::Belongs(words(reasons))));
        if kind == Kind::AddMember {
            self.grant(account, people, plan);
        }
    }

    /// Whether the way in has been given already and is still good. An expired invitation is not
    /// repeated by itself, only with a new link or once the person can be written to.
    fn is_invited(
        &self,
        account: &str,
        people: &[(&str, &DesiredMember)],
        state: Option<MemberState>,
        plan: &mut Plan,
    ) -> bool {
        let Some(known) = self.known else { return false };
        if known.link.is_none() {
            // There is no way in to give. Where an admin is shown none, a person must make one.
            let shown = known.own.as_ref().is_some_and(|own| own.admin);
            if shown && !self.input.able_on(known.platform, Capability::RotateLink) {
                plan.tasks.insert(task(TaskKind::RotateLink, self.desired, ""));
            }
            return true;
        }
        if known.own.as_ref().is_some_and(|own| !own.inside) {
            // Nobody would keep the door.
            return true;
        }
        let Some(invitation) = self.invitation(account, people) else {
            return state == Some(MemberState::Invited);
        };
        let expires = later(invitation.at, self.input.policy.invitations_expire);
        if expires > self.input.now && state == Some(MemberState::Invited) {
            plan.due(expires);
        }
        // Who left since follows the policy on leavers, and is given the way in once more.
        let given = state != Some(MemberState::Left);
        let good = invitation.link == known.link_digest();
        let undelivered = invitation.delivered == Some(false);
        given && good && !(undelivered && (self.can_be_told(account) || self.failed(account)))
    }

    /// A message to this account was not taken, and is sent again when its time has come.
    fn failed(&self, account: &str) -> bool {
        let attempt = Attempt { operation: Kind::InviteMember, account: account.to_owned() };
        self.known.is_some_and(|known| known.waiting.contains_key(&attempt))
    }

    fn can_be_told(&self, account: &str) -> bool {
        let dialog = (self.platform(), account.to_owned());
        self.input.known.dialogs.get(&dialog) == Some(&true)
    }

    /// The last way in that was given to this account.
    fn invitation<'c>(
        &'c self,
        account: &'c str,
        people: &'c [(&str, &DesiredMember)],
    ) -> Option<&'c Invitation> {
        let rows = self.same(account, people).filter_map(|member| member.invitation.as_ref());
        let kept = self.known.and_then(|known| known.invitations.get(account));
        rows.chain(kept).max_by_key(|invitation| invitation.at)
    }

    /// The people's rows that are about this very account.
    fn same<'c>(
        &'c self,
        account: &'c str,
        people: &'c [(&str, &DesiredMember)],
    ) -> impl Iterator<Item = &'c KnownMember> {
        let known = self.known.into_iter();
        let rows = known.flat_map(|known| people.iter().filter_map(|(p, _)| known.people.get(*p)));
        rows.filter(move |member| member.account.as_deref() == Some(account))
    }

    /// Who was once taken out and does not come by the link may be kept out by the messenger.
    fn ask_to_let_in(&self, account: &str, people: &[(&str, &DesiredMember)], plan: &mut Plan) {
        let removed = self.same(account, people).any(|member| member.removed_before);
        let Some(invitation) = self.invitation(account, people).filter(|_| removed) else { return };
        let due = later(invitation.at, LET_IN_AFTER);
        if due > self.input.now {
            plan.due(due);
            return;
        }
        let mut task = task(TaskKind::LetIn, self.desired, account);
        task.details.people = people.iter().map(|(person, _)| (*person).to_owned()).collect();
        plan.tasks.insert(task);
    }

    fn set_rights(
        &self,
        account: &str,
        people: &[(&str, &DesiredMember)],
        present: &Present,
        plan: &mut Plan,
    ) {
        let admin = people.iter().any(|(_, member)| member.admin);
        if admin && (!present.admin || self.lacks_rights(present)) {
            self.grant(account, people, plan);
        }
        // A broken row may be the very one that no longer names somebody by this account.
        let mut behind =
            people.iter().map(|(person, _)| *person).chain(present.people.iter().map(|p| &**p));
        let frozen = self.frozen || behind.any(|person| self.input.frozen.people.contains(person));
        let frozen = frozen && self.ordered(people).is_none();
        let untouchable = present.protected || self.input.is_protected(self.platform(), account);
        if !admin && present.admin && !frozen && !untouchable {
            self.revoke(account, people, present, plan);
        }
    }

    /// Whether an admin was given less than the profile's settings ask for. Where the platform does
    /// not tell the rights, being admin is all that can be known.
    fn lacks_rights(&self, present: &Present) -> bool {
        let own = self.known.and_then(|known| known.own.as_ref());
        let given = |right: &String| {
            // Nobody gives a right that they have not.
            present.rights.contains(right)
                || platform::UNTOLD_RIGHTS.contains(&right.as_str())
                || own.is_some_and(|own| !own.rights.contains(right))
        };
        !present.protected
            && !present.rights.is_empty()
            && self.platform() == platform::Kind::Max
            && !self.input.desired.admin_permissions.iter().all(given)
    }

    fn grant(&self, account: &str, people: &[(&str, &DesiredMember)], plan: &mut Plan) {
        let admins = || people.iter().filter(|(_, member)| member.admin);
        if self.is_former()
            || admins().next().is_none()
            || self.waits(Kind::GrantAdmin, account, plan)
        {
            return;
        }
        if !self.can(Capability::GrantAdmin) {
            if !self.input.able_on(self.platform(), Capability::GrantAdmin) {
                plan.warnings.push(self.cannot_grant(people));
            }
            return;
        }
        let cause = words(admins().flat_map(|(_, member)| &member.admin_reasons));
        plan.operations.push(self.about(Kind::GrantAdmin, account, people, Cause::Belongs(cause)));
    }

    fn cannot_grant(&self, people: &[(&str, &DesiredMember)]) -> Fault {
        let who = people.first().map_or("", |(person, _)| *person);
        let message = Text::new(
            "этот токен не позволяет назначать администраторов: права должен выдать человек",
            "this token may not appoint admins: a person must give the rights",
        );
        Fault::new("plan.cannot_grant", &self.desired.key, who, message)
    }

    fn revoke(
        &self,
        account: &str,
        people: &[(&str, &DesiredMember)],
        present: &Present,
        plan: &mut Plan,
    ) {
        let able = self.can(Capability::GrantAdmin);
        if !able || self.waits(Kind::RevokeAdmin, account, plan) {
            return;
        }
        let cause = match self.ordered(people) {
            Some(by) => Cause::Ordered(by.clone()),
            None if present.meant_admin => Cause::RoleLost,
            None => Cause::RoleUnknown,
        };
        plan.operations.push(self.about(Kind::RevokeAdmin, account, people, cause));
    }

    /// Who ordered that these people are no admins.
    fn ordered(&self, people: &[(&str, &DesiredMember)]) -> Option<&String> {
        let people: Vec<String> = people.iter().map(|(person, _)| (*person).to_owned()).collect();
        let key = self.known.map_or(self.desired.key.as_str(), KnownChat::plain_key);
        self.input.desired.ordered.takes_rights(key, &people)
    }

    /// Whether adding is worth a try. A refusal stands until its own next try, also for somebody
    /// who has been invited since: otherwise every cycle would ask the platform again.
    fn may_add(&self, account: &str, state: Option<MemberState>, plan: &mut Plan) -> bool {
        if !self.can(Capability::AddMembers) {
            return false;
        }
        let attempt = Attempt { operation: Kind::AddMember, account: account.to_owned() };
        match self.known.and_then(|known| known.waiting.get(&attempt)) {
            Some(waiting) if waiting.refused => !self.waits(Kind::AddMember, account, plan),
            _ => state != Some(MemberState::Refused),
        }
    }

    /// Where somebody stands who is not in, by the people whom the account stands for now. Who was
    /// in when the last cycle ended has left since.
    fn absent_state(
        &self,
        account: &str,
        people: &[(&str, &DesiredMember)],
    ) -> Option<MemberState> {
        let known = self.known?;
        let same = self.same(account, people);
        let now = |state| match state {
            MemberState::Joined if known.state == ChatState::Active => MemberState::Left,
            // A chat at rest was not watched: nobody knows how the person came out.
            MemberState::Joined => MemberState::Linked,
            state => state,
        };
        // The way in was given to the account, whoever else stands behind it.
        let rank = |state: &MemberState| (*state == MemberState::Invited, *state);
        same.map(|member| now(member.state)).max_by_key(rank)
    }

    /// What is done about people who left: the profile's word for this kind of chat, or the
    /// configuration's.
    fn leavers(&self) -> Leavers {
        let said = self.input.desired.leavers.of(&self.desired.kind);
        said.unwrap_or(self.input.policy.leavers)
    }

    /// A chat that was left behind only loses people and rights.
    fn is_former(&self) -> bool {
        self.known.is_some_and(|known| known.former)
    }

    fn platform(&self) -> platform::Kind {
        self.known.map_or(self.input.platform, |known| known.platform)
    }

    fn can(&self, capability: Capability) -> bool {
        match self.known {
            Some(known) => self.input.can(known, capability),
            None => self.input.able_on(self.input.platform, capability),
        }
    }

    fn waits(&self, kind: Kind, account: &str, plan: &mut Plan) -> bool {
        self.known.is_some_and(|known| waits_for(self.input, known, kind, account, plan))
    }

    fn about(
        &self,
        kind: Kind,
        account: &str,
        people: &[(&str, &DesiredMember)],
        cause: Cause,
    ) -> Operation {
        Operation {
            account: account.to_owned(),
            people: people.iter().map(|(person, _)| (*person).to_owned()).collect(),
            ..operation(kind, &self.desired.key, cause)
        }
    }
}

/// Plans what people ordered of a chat that is at rest, or of which the roster says nothing now: who
/// was taken out goes, whose rights were taken loses them. Whoever goes anyway goes by the order.
pub(super) fn obey(input: &Input, known: &KnownChat, plan: &mut Plan) {
    if !matches!(known.state, ChatState::Active | ChatState::Archived) {
        return;
    }
    let (ordered, key) = (&input.desired.ordered, known.plain_key());
    for (account, present) in known.people_present() {
        let people = &present.people;
        let out = match people.is_empty() {
            true => ordered.takes_account_out(key, known.platform.name(), account),
            false => ordered.takes_out(key, people),
        };
        let unrighted = || ordered.takes_rights(key, people);
        let order = match out {
            Some(by) => Some((Kind::RemoveMember, Capability::RemoveMembers, by)),
            None if present.admin => {
                unrighted().map(|by| (Kind::RevokeAdmin, Capability::GrantAdmin, by))
            }
            None => None,
        };
        let kept = input.is_protected(known.platform, account);
        let Some((kind, needed, by)) = order.filter(|_| !kept) else { continue };
        let cause = Cause::Ordered(by.clone());
        let about = |one: &&mut Operation| {
            one.kind == kind && one.chat == known.key && one.account == *account
        };
        if let Some(planned) = plan.operations.iter_mut().find(about) {
            planned.cause = cause;
        } else if input.can(known, needed) && !waits_for(input, known, kind, account, plan) {
            plan.operations.push(Operation {
                account: account.clone(),
                people: people.clone(),
                ..operation(kind, &known.key, cause)
            });
        }
    }
}

/// The words of some reasons, each once, as a person reads them.
fn words<'r>(reasons: impl Iterator<Item = &'r Reason>) -> String {
    let mut words: Vec<String> = Vec::new();
    for reason in reasons {
        let word = format!("{} ({})", reason.because, reason.row);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join("; ")
}

/// One account in a chat that should not be there.
struct Leaver<'a> {
    input: &'a Input<'a>,
    desired: &'a DesiredChat,
    known: &'a KnownChat,
    account: &'a str,
    present: &'a Present,
}

impl Leaver<'_> {
    fn plan(&self, frozen: bool, plan: &mut Plan) {
        let people = &self.present.people;
        // An order does not wait for a grace, nor for a row of the roster to be mended.
        if let Some(by) = self.ordered() {
            return self.remove(Cause::Ordered(by.clone()), plan);
        }
        if frozen {
            return;
        }
        if people.is_empty() {
            match self.input.policy.strangers {
                Strangers::Remove if self.present.adopted => self.remove(Cause::Adopted, plan),
                Strangers::Remove => self.remove(Cause::Stranger, plan),
                Strangers::Report => plan.warnings.push(self.stranger()),
                Strangers::Keep => {}
            }
            return;
        }
        if people.iter().any(|person| self.input.frozen.people.contains(person)) {
            return;
        }
        let still = people.iter().filter(|one| self.desired.members.contains_key(*one));
        let still: Vec<String> = still.cloned().collect();
        if !still.is_empty() {
            let asked = is_given_up(self.input, self.known, self.account, &still);
            let cause = if asked { Cause::AskedToLeave } else { Cause::AccountChanged };
            return self.remove(cause, plan);
        }
        self.let_go(plan);
    }

    /// Who ordered this account out, or all the people for whom it stands.
    fn ordered(&self) -> Option<&String> {
        let (ordered, key) = (&self.input.desired.ordered, self.known.plain_key());
        if self.present.people.is_empty() {
            let platform = self.known.platform.name();
            return ordered.takes_account_out(key, platform, self.account);
        }
        ordered.takes_out(key, &self.present.people)
    }

    fn stranger(&self) -> Fault {
        let message = Text::new(
            "в чате учётная запись, которой нет в данных школы (strangers: report)",
            "an account is in the chat that the school's data does not know (strangers: report)",
        );
        Fault::new("plan.stranger", &self.known.key, self.account, message)
    }

    /// Somebody whom the roster no longer names: removed once the grace is over.
    fn let_go(&self, plan: &mut Plan) {
        let since = self.present.gone_since.unwrap_or(self.input.now);
        plan.leaving.push((self.known.key.clone(), self.account.to_owned(), since));
        let due = later(since, self.input.policy.grace);
        if due <= self.input.now {
            self.remove(Cause::LeftRoster, plan);
        } else {
            plan.due(due);
        }
    }

    fn remove(&self, cause: Cause, plan: &mut Plan) {
        let kind = Kind::RemoveMember;
        if waits_for(self.input, self.known, kind, self.account, plan) {
            return;
        }
        if !self.input.can(self.known, Capability::RemoveMembers) {
            if !self.input.able_on(self.known.platform, Capability::RemoveMembers) {
                plan.warnings.push(cannot_remove(self.known, self.account));
            }
            return;
        }
        plan.operations.push(Operation {
            account: self.account.to_owned(),
            people: self.present.people.clone(),
            ..operation(kind, &self.known.key, cause)
        });
    }
}

/// Who may not be taken out by this token.
pub(super) fn cannot_remove(known: &KnownChat, account: &str) -> Fault {
    let message = Text::new(
        "этой учётной записи здесь быть не должно, но токен не позволяет исключать: это должен \
         сделать человек",
        "this account does not belong here, but the token may not remove it: a person must",
    );
    Fault::new("plan.cannot_remove", &known.key, account, message)
}
