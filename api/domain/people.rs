//! Who may do what: roles of staff, and the actors that move orders.

words! {
    /// What a member of staff may do at a store; `admin` is for the whole group.
    Role {
        Counter = "counter",
        Cook = "cook",
        Driver = "driver",
        Manager = "manager",
        Admin = "admin",
    }
}

words! {
    /// Who asks for a change of state.
    Actor {
        Customer = "customer",
        Counter = "counter",
        Cook = "cook",
        Driver = "driver",
        Manager = "manager",
        /// A job, a deadline or a payment provider.
        System = "system",
    }
}

words! {
    /// What somebody did to a thing that managers keep.
    AuditAction {
        Create = "create",
        Update = "update",
        /// Taken off sale; writing it again brings it back.
        Archive = "archive",
        Delete = "delete",
    }
}

impl From<Role> for Actor {
    fn from(role: Role) -> Actor {
        match role {
            Role::Counter => Actor::Counter,
            Role::Cook => Actor::Cook,
            Role::Driver => Actor::Driver,
            Role::Manager | Role::Admin => Actor::Manager,
        }
    }
}
