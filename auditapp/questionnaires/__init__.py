"""What is asked: questionnaires that are published in versions and never change afterwards."""
