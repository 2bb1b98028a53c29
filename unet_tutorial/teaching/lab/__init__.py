"""The student's folder: copies of the lessons and exercises, a start page with the progress, and JupyterLab on them."""
