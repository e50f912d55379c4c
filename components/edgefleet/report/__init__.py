"""What people and programs are shown: previews, results, problems. Built here, printed by commands."""
