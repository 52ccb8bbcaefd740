-- Любая система, которая отдаёт OneRoster 1.1 или 1.2 без своих дополнений.

-- Кураторы класса - учителя с primary; их может быть несколько.
local function curators(class)
  return class:enrolled("teacher", { primary = true }):because("куратор")
end

-- Предмет ведут учителя с primary; если такие не отмечены - все учителя предмета.
local function lead_teachers(journal)
  local leads = journal:enrolled("teacher", { primary = true })
  if #leads == 0 then leads = journal.teachers end
  return leads:because("учитель предмета")
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
    teachers = {
      per = "school", type = "TEACHER",
      title = function(school, set) return zvonok.fill(set.teachers_title, school) end,
      members = function(school) return school.staff end,
      admins = function(school) return school:people("principal", "siteAdministrator") end,
    },

    class = {
      per = "homeroom", type = "CLASS",
      title = function(class, set) return zvonok.fill(set.class_title, class) end,
      members = function(class) return class.students + curators(class) end,
      admins = curators,
    },

    parents = {
      per = "homeroom", type = "PARENTS",
      title = function(class, set) return zvonok.fill(set.parents_title, class) end,
      members = function(class) return class:guardians() + curators(class) end,
      admins = curators,
    },

    subject = {
      per = "class", type = "SUBJECT",
      title = function(journal, set) return zvonok.fill(set.subject_title, journal) end,
      members = function(journal) return journal.students + journal.teachers end,
      admins = lead_teachers,
    },
  },

  -- Правки, сделанные людьми в системе, сохраняются.
  overrides = "kept",
}
