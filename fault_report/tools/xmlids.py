"""Records of modules by their XML id, for what is done often."""


def get_record(env, xmlid):
    """Return the record with this XML id, or None, in the environment.

    Unlike `env.ref`, it costs no query: the ids are cached, and the XML id of a record
    that is deleted goes with it.
    """
    model, id_ = env["ir.model.data"]._xmlid_to_res_model_res_id(xmlid)
    return env[model].browse(id_) if model and id_ else None
