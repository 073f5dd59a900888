"""What the tasks of an emitted Airflow DAG call: one step of a notebook in a process of its own, by reference."""
