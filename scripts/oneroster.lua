-- Любая система, которая отдаёт OneRoster 1.1 или 1.2 без своих дополнений.

local shared = zvonok.shared

-- Кураторы класса - учителя с primary; их может быть несколько.
local curators = shared.leads "куратор"

-- Предмет ведут учителя с primary; если такие не отмечены - все учителя предмета.
local function lead_teachers(journal)
  local leads = journal:enrolled("teacher", { primary = true })
  if #leads == 0 then leads = journal.teachers end
  return leads:because("учитель предмета")
end

local function is_administrator(actor)
  return actor:is("principal", "siteAdministrator")
end

return zvonok.profile {
  name = "oneroster",
  title = "OneRoster",
  version = 1,

  settings = {
    teachers_title = { default = "Staff", help = "Название чата сотрудников" },
    class_title = { default = "<class>", help = "Название чата класса" },
    parents_title = { default = "<class> - parents", help = "Название чата родителей" },
    subject_title = { default = "<class>", help = "Название чата предмета" },
  },

  chats = {
    teachers = shared.teachers_chat {
      members = function(school) return school.staff end,
      admins = function(school) return school:people("principal", "siteAdministrator") end,
    },
    class = shared.class_chat { leads = curators },
    parents = shared.parents_chat { leads = curators },
    subject = shared.subject_chat { admins = lead_teachers },
  },

  -- Любые чаты с любыми людьми создаёт администратор.
  custom = { custom = { type = "CUSTOM", title = "<organisation_short>" } },

  -- Правки, сделанные людьми в системе, сохраняются.
  overrides = "kept",
  rollover = shared.rollover,

  requests = shared.requests {
    administrator = is_administrator,
    ["chats.create"] = shared.administrator_only,
    ["chats.rename"] = shared.chat_admins, ["chats.delete"] = shared.administrator_only,
    ["members.*"] = shared.chat_admins, ["admins.*"] = shared.chat_admins,
    ["calls.*"] = shared.chat_admins,
  },
}
